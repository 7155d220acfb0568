// Reads a Rollcall with example rooms by the official Go SDK, and prints an `ok` or `not ok` line for each check.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"
	insights "github.com/twilio/twilio-go/rest/insights/v1"
)

var (
	baseURL    = os.Getenv("ROLLCALL_BASE_URL")
	accountSid = os.Getenv("ROLLCALL_ACCOUNT_SID")
	authToken  = os.Getenv("ROLLCALL_AUTH_TOKEN")
	roomSid    = os.Getenv("ROLLCALL_ROOM_SID")
)

const unknownParticipantSid = "PA00000000000000000000000000000000"

type participant = insights.InsightsV1VideoParticipantSummary
type listParams = insights.ListVideoParticipantSummaryParams

type expectedParticipant struct {
	Identity    string     `json:"identity"`
	JoinTime    *time.Time `json:"join_time"`
	LeaveTime   *time.Time `json:"leave_time"`
	DurationSec *int64     `json:"duration_sec"`
	Status      string     `json:"status"`
	EndReason   *string    `json:"end_reason"`
	ErrorCode   *int       `json:"error_code"`
	Codecs      []string   `json:"codecs"`
}

var expected struct {
	RoomName     string                `json:"room_name"`
	CreateTime   time.Time             `json:"create_time"`
	AudioRoomSid string                `json:"audio_room_sid"`
	Participants []expectedParticipant `json:"participants"`
}

// selfHosted sends the SDK's requests to Rollcall instead of Twilio.
type selfHosted struct{ base *url.URL }

func (s selfHosted) RoundTrip(request *http.Request) (*http.Response, error) {
	moved := request.Clone(request.Context())
	moved.URL.Scheme, moved.URL.Host, moved.Host = s.base.Scheme, s.base.Host, ""
	return http.DefaultTransport.RoundTrip(moved)
}

func connect(token string) (*insights.ApiService, error) {
	base, err := url.Parse(baseURL)
	if err != nil {
		return nil, err
	}
	c := &client.Client{
		Credentials: client.NewCredentials(accountSid, token),
		HTTPClient:  &http.Client{Transport: selfHosted{base}, Timeout: 30 * time.Second},
	}
	return insights.NewApiServiceWithClient(c), nil
}

func main() {
	text, err := os.ReadFile(os.Getenv("ROLLCALL_EXPECTED"))
	if err == nil {
		err = json.Unmarshal(text, &expected)
	}
	api, connectErr := connect(authToken)
	if err = errors.Join(err, connectErr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("# twilio-go", client.LibraryVersion)
	failed := false
	for _, c := range checks {
		if err := c.run(api); err != nil {
			failed = true
			fmt.Printf("not ok %s: %s\n", c.name, strings.ReplaceAll(err.Error(), "\n", " "))
			continue
		}
		fmt.Printf("ok %s\n", c.name)
	}
	if failed {
		os.Exit(1)
	}
}

var checks = []struct {
	name string
	run  func(*insights.ApiService) error
}{
	{"list, default page size", func(api *insights.ApiService) error { return listsAll(api, nil) }},
	{"list, page size 1000", func(api *insights.ApiService) error {
		return listsAll(api, (&listParams{}).SetPageSize(1000))
	}},
	{"list, limit 5000", func(api *insights.ApiService) error {
		return listsAll(api, (&listParams{}).SetLimit(5000))
	}},
	{"list, limit 1500", listsSome},
	{"stream", streams},
	{"times are dates", tellsDates},
	{"duration, status, reason, error, codecs", tellsValues},
	{"publisher_info and properties are objects", tellsObjects},
	{"page by page, and back", pages},
	{"rooms by type, codec, date and name", filtersRooms},
	{"fetch a room", fetchesRoom},
	{"fetch a participant", fetchesParticipant},
	{"unknown participant is 404, 20404", func(api *insights.ApiService) error {
		_, err := api.FetchVideoParticipantSummary(roomSid, unknownParticipantSid)
		return failsWith(err, 404, 20404)
	}},
	{"wrong token is 401, 20003", func(*insights.ApiService) error {
		stranger, err := connect(strings.Repeat("0", 40))
		if err != nil {
			return err
		}
		_, err = stranger.FetchVideoRoomSummary(roomSid)
		return failsWith(err, 401, 20003)
	}},
}

func listsAll(api *insights.ApiService, params *listParams) error {
	found, err := api.ListVideoParticipantSummary(roomSid, params)
	return errors.Join(err, requireAll(found))
}

func listsSome(api *insights.ApiService) error {
	found, err := api.ListVideoParticipantSummary(roomSid, (&listParams{}).SetLimit(1500))
	return errors.Join(err, equal("participants", len(found), 1500),
		equal("distinct SIDs", len(distinct(sidsOf(found))), 1500))
}

func streams(api *insights.ApiService) error {
	records, errs := api.StreamVideoParticipantSummary(roomSid, (&listParams{}).SetPageSize(333))
	var found []participant
	for record := range records {
		found = append(found, record)
	}
	return errors.Join(<-errs, requireAll(found))
}

func tellsDates(api *insights.ApiService) error {
	return eachParticipant(api, func(found participant, wanted expectedParticipant) error {
		return errors.Join(
			equalTime("join_time of "+wanted.Identity, found.JoinTime, wanted.JoinTime),
			equalTime("leave_time of "+wanted.Identity, found.LeaveTime, wanted.LeaveTime))
	})
}

func tellsValues(api *insights.ApiService) error {
	return eachParticipant(api, func(found participant, wanted expectedParticipant) error {
		who := " of " + wanted.Identity
		if found.Codecs == nil {
			return errors.New("no codecs" + who)
		}
		return errors.Join(
			equal("duration_sec"+who, found.DurationSec, wanted.DurationSec),
			equal("status"+who, found.Status, &wanted.Status),
			equal("codecs"+who, sorted(*found.Codecs), wanted.Codecs),
			equal("end_reason"+who, found.EndReason, wanted.EndReason),
			equal("error_code"+who, found.ErrorCode, wanted.ErrorCode),
			equal("account_sid"+who, found.AccountSid, &accountSid),
			equal("room_sid"+who, found.RoomSid, &roomSid))
	})
}

func tellsObjects(api *insights.ApiService) error {
	return eachParticipant(api, func(found participant, wanted expectedParticipant) error {
		if found.PublisherInfo == nil || found.Properties == nil {
			return errors.New("an object is missing of " + wanted.Identity)
		}
		_, publisherOk := (*found.PublisherInfo).(map[string]interface{})
		_, propertiesOk := (*found.Properties).(map[string]interface{})
		return errors.Join(equal("publisher_info is an object", publisherOk, true),
			equal("properties is an object", propertiesOk, true))
	})
}

func pages(api *insights.ApiService) error {
	var sids [][]string
	var previous []*string
	token, number := "", ""
	for {
		page, err := api.PageVideoParticipantSummary(roomSid, (&listParams{}).SetPageSize(1000), token, number)
		if err != nil {
			return err
		}
		sids = append(sids, sidsOf(page.Participants))
		previous = append(previous, page.Meta.PreviousPageUrl)
		if page.Meta.NextPageUrl == nil {
			break
		}
		// The transport replaces every host, so that a wrong host would not be noticed without this check.
		if !strings.HasPrefix(*page.Meta.NextPageUrl, baseURL+"/v1/Video/Rooms/"+roomSid+"/") {
			return errors.New("next page has another host: " + *page.Meta.NextPageUrl)
		}
		if token, number, err = place(*page.Meta.NextPageUrl); err != nil {
			return err
		}
	}
	if err := equal("sizes of the pages", sizes(sids), []int{1000, 1000, 500}); err != nil {
		return err
	}
	all := append(append(append([]string{}, sids[0]...), sids[1]...), sids[2]...)
	if previous[0] != nil || previous[1] == nil {
		return errors.New("only the first page has no previous page")
	}
	token, number, err := place(*previous[1])
	if err != nil {
		return err
	}
	back, err := api.PageVideoParticipantSummary(roomSid, (&listParams{}).SetPageSize(1000), token, number)
	if err != nil {
		return err
	}
	return errors.Join(equal("distinct SIDs", len(distinct(all)), len(expected.Participants)),
		equal("page before the second", sidsOf(back.Participants), sids[0]))
}

// filtersRooms uses that the audio room began a minute before the large one, has no VP8, and is completed.
func filtersRooms(api *insights.ApiService) error {
	// In a time zone other than UTC, so that the SDK sends an offset.
	began := expected.CreateTime.In(time.FixedZone("", 2*60*60))
	hourBefore := began.Add(-time.Hour)
	params := func() *insights.ListVideoRoomSummaryParams { return &insights.ListVideoRoomSummaryParams{} }
	large, audio := []string{roomSid}, []string{expected.AudioRoomSid}
	vp8 := params().SetRoomType([]string{"group"}).SetCodec([]string{"VP8"}).SetCreatedAfter(hourBefore)
	either := params().SetCodec([]string{"VP8", "opus"}).SetCreatedAfter(hourBefore)
	goRooms := params().SetRoomType([]string{"go"}).SetCreatedAfter(hourBefore)
	return errors.Join(
		equalRooms(api, "group rooms with VP8", vp8, large),
		equalRooms(api, "rooms with VP8 or opus", either, append(large, audio...)),
		equalRooms(api, "go rooms", goRooms, []string{}),
		equalRooms(api, "rooms created on or after that second", params().SetCreatedAfter(began), large),
		equalRooms(api, "rooms created before that second", params().SetCreatedBefore(began), audio),
		equalRooms(api, "rooms of that name", params().SetRoomName(expected.RoomName), large))
}

func fetchesRoom(api *insights.ApiService) error {
	room, err := api.FetchVideoRoomSummary(roomSid)
	if err != nil {
		return err
	}
	people, total := len(expected.Participants), int64(0)
	for _, one := range expected.Participants {
		if one.DurationSec != nil {
			total += *one.DurationSec
		}
	}
	self := baseURL + "/v1/Video/Rooms/" + roomSid
	inProgress, group := "in_progress", "group"
	if room.Codecs == nil || room.Links == nil {
		return errors.New("no codecs or no links")
	}
	return errors.Join(
		equal("room_sid", room.RoomSid, &roomSid),
		equal("room_name", room.RoomName, &expected.RoomName),
		equalTime("create_time", room.CreateTime, &expected.CreateTime),
		equalTime("end_time", room.EndTime, nil),
		equal("room_status", room.RoomStatus, &inProgress),
		equal("room_type", room.RoomType, &group),
		equal("codecs", sorted(*room.Codecs), []string{"H264", "VP8", "opus"}),
		equal("unique_participants", room.UniqueParticipants, &people),
		equal("unique_participant_identities", room.UniqueParticipantIdentities, &people),
		equal("total_participant_duration_sec", room.TotalParticipantDurationSec, &total),
		equal("url", room.Url, &self),
		equal("links", *room.Links, map[string]interface{}{"participants": self + "/Participants"}))
}

func fetchesParticipant(api *insights.ApiService) error {
	listed, err := api.ListVideoParticipantSummary(roomSid, (&listParams{}).SetLimit(3))
	if err != nil {
		return err
	}
	if len(listed) != 3 {
		return equal("participants", len(listed), 3)
	}
	found, err := api.FetchVideoParticipantSummary(roomSid, *listed[2].ParticipantSid)
	if err != nil {
		return err
	}
	self := baseURL + "/v1/Video/Rooms/" + roomSid + "/Participants/" + *found.ParticipantSid
	return errors.Join(equal("participant fetched and listed", *found, listed[2]),
		equal("url", found.Url, &self))
}
