package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"sort"
	"time"

	"github.com/twilio/twilio-go/client"
	insights "github.com/twilio/twilio-go/rest/insights/v1"
)

// requireAll checks that every participant is there once: the number of rows is right, and no SID or identity is repeated.
func requireAll(found []participant) error {
	var identities, wanted []string
	for _, one := range found {
		identities = append(identities, *one.ParticipantIdentity)
	}
	for _, one := range expected.Participants {
		wanted = append(wanted, one.Identity)
	}
	return errors.Join(
		equal("participants", len(found), len(wanted)),
		equal("distinct SIDs", len(distinct(sidsOf(found))), len(wanted)),
		equal("identities", distinct(identities), distinct(wanted)))
}

// eachParticipant checks the participants, and stops at the first that is not as expected.
func eachParticipant(api *insights.ApiService, check func(participant, expectedParticipant) error) error {
	wanted := map[string]expectedParticipant{}
	for _, one := range expected.Participants {
		wanted[one.Identity] = one
	}
	found, err := api.ListVideoParticipantSummary(roomSid, (&listParams{}).SetPageSize(1000))
	if err != nil {
		return err
	}
	for _, one := range found {
		if err := check(one, wanted[*one.ParticipantIdentity]); err != nil {
			return err
		}
	}
	return equal("participants", len(found), len(wanted))
}

func equalRooms(
	api *insights.ApiService, what string, params *insights.ListVideoRoomSummaryParams, wanted []string,
) error {
	rooms, err := api.ListVideoRoomSummary(params)
	if err != nil {
		return err
	}
	var sids []string
	for _, room := range rooms {
		sids = append(sids, *room.RoomSid)
	}
	return equal(what, distinct(sids), distinct(wanted))
}

func failsWith(err error, status, code int) error {
	var refused *client.TwilioRestError
	if !errors.As(err, &refused) {
		return fmt.Errorf("not a TwilioRestError: %v", err)
	}
	return errors.Join(equal("status", refused.Status, status), equal("code", refused.Code, code))
}

// place reads the page token and the page number from the URL of a page, as a program does that resumes later.
func place(pageURL string) (token, number string, err error) {
	parsed, err := url.Parse(pageURL)
	if err != nil {
		return "", "", err
	}
	query := parsed.Query()
	return query.Get("PageToken"), query.Get("Page"), nil
}

func sidsOf(found []participant) []string {
	sids := make([]string, 0, len(found))
	for _, one := range found {
		sids = append(sids, *one.ParticipantSid)
	}
	return sids
}

func sizes(pages [][]string) []int {
	var lengths []int
	for _, page := range pages {
		lengths = append(lengths, len(page))
	}
	return lengths
}

func distinct(items []string) map[string]bool {
	set := map[string]bool{}
	for _, item := range items {
		set[item] = true
	}
	return set
}

func sorted(items []string) []string {
	copied := append([]string{}, items...)
	sort.Strings(copied)
	return copied
}

func equalTime(what string, actual, wanted *time.Time) error {
	if actual != nil && wanted != nil && actual.Equal(*wanted) {
		return nil
	}
	return equal(what, actual, wanted)
}

func equal(what string, actual, wanted interface{}) error {
	if reflect.DeepEqual(actual, wanted) {
		return nil
	}
	return fmt.Errorf("%s is %s, not %s", what, shortened(actual), shortened(wanted))
}

func shortened(value interface{}) string {
	text, _ := json.Marshal(value)
	if len(text) > 120 {
		return string(text[:120]) + "…"
	}
	return string(text)
}
