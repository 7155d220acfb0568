import com.twilio.Twilio;
import com.twilio.base.Page;
import com.twilio.base.ResourceSet;
import com.twilio.exception.ApiException;
import com.twilio.http.TwilioRestClient;
import com.twilio.rest.insights.v1.Room;
import com.twilio.rest.insights.v1.RoomReader;
import com.twilio.rest.insights.v1.room.Participant;
import com.twilio.rest.insights.v1.room.ParticipantReader;
import java.io.File;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/** Reads a Rollcall with example rooms by the official Java SDK; prints an `ok` or `not ok` line for each check. */
public final class CheckSdk {
  private static final String BASE_URL = System.getenv("ROLLCALL_BASE_URL");
  private static final String ACCOUNT_SID = System.getenv("ROLLCALL_ACCOUNT_SID");
  private static final String ROOM_SID = System.getenv("ROLLCALL_ROOM_SID");
  private static final String UNKNOWN_PARTICIPANT_SID = "PA" + "0".repeat(32);

  private final TwilioRestClient client = connect(System.getenv("ROLLCALL_AUTH_TOKEN"));
  private final Expected expected;
  private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
  private boolean failed = false;

  public static void main(String[] args) throws Exception {
    CheckSdk checks = new CheckSdk(new Expected(new File(System.getenv("ROLLCALL_EXPECTED"))));
    checks.run();
    System.exit(checks.failed ? 1 : 0);
  }

  private CheckSdk(Expected expected) {
    this.expected = expected;
  }

  private static TwilioRestClient connect(String authToken) {
    return new TwilioRestClient.Builder(ACCOUNT_SID, authToken).httpClient(new SelfHosted(BASE_URL)).build();
  }

  private void run() {
    out.println("# twilio-java " + Twilio.VERSION);
    check("list, default page size", () -> requireAll(read(reader())));
    check("list, page size 1000", () -> requireAll(read(reader().setPageSize(1000L))));
    check("list, limit 5000", () -> requireAll(read(limited(5000))));
    check("list, limit 1500", this::listsSome);
    check("stream", this::streams);
    check("times are dates", () -> eachParticipant(this::tellsDates));
    check("duration, status, reason, error, codecs", () -> eachParticipant(this::tellsValues));
    check("publisher_info and properties are objects", () -> eachParticipant(this::tellsObjects));
    check("page by page, and back", this::pages);
    check("rooms by type, codec, date and name", this::filtersRooms);
    check("fetch a room", this::fetchesRoom);
    check("fetch a participant", this::fetchesParticipant);
    check("unknown participant is 404, 20404", () ->
        failsWith(404, 20404, () -> Participant.fetcher(ROOM_SID, UNKNOWN_PARTICIPANT_SID).fetch(client)));
    check("wrong token is 401, 20003", () ->
        failsWith(401, 20003, () -> Room.fetcher(ROOM_SID).fetch(connect("0".repeat(40)))));
  }

  private void check(String name, Runnable body) {
    try {
      body.run();
      out.println("ok " + name);
    } catch (RuntimeException | AssertionError error) {
      failed = true;
      out.println(("not ok " + name + ": " + error).replace("\n", " "));
    }
  }

  private void listsSome() {
    List<Participant> found = read(limited(1500));
    equal("participants", found.size(), 1500);
    equal("distinct SIDs", new HashSet<>(sidsOf(found)).size(), 1500);
  }

  /** A resource set is the SDK's stream: it requests each page when the program reaches it. */
  private void streams() {
    ResourceSet<Participant> set = reader().setPageSize(333L).read(client);
    List<Participant> found = new ArrayList<>();
    for (Participant one : set) found.add(one);
    requireAll(found);
  }

  private void tellsDates(Participant found, Expected.Person wanted) {
    String who = " of " + found.getParticipantIdentity();
    equal("join_time" + who, instantOf(found.getJoinTime()), instantOf(wanted.joinTime));
    equal("leave_time" + who, instantOf(found.getLeaveTime()), instantOf(wanted.leaveTime));
  }

  private void tellsValues(Participant found, Expected.Person wanted) {
    String who = " of " + found.getParticipantIdentity();
    equal("duration_sec" + who, found.getDurationSec(), wanted.durationSec);
    equal("status" + who, found.getStatus(), Participant.RoomStatus.forValue(wanted.status));
    equal("codecs" + who, Set.copyOf(found.getCodecs()),
        wanted.codecs.stream().map(Participant.Codec::forValue).collect(Collectors.toSet()));
    equal("number of codecs" + who, found.getCodecs().size(), wanted.codecs.size());
    equal("end_reason" + who, found.getEndReason(), wanted.endReason);
    equal("error_code" + who, found.getErrorCode(), wanted.errorCode);
    equal("account_sid" + who, found.getAccountSid(), ACCOUNT_SID);
    equal("room_sid" + who, found.getRoomSid(), ROOM_SID);
  }

  private void tellsObjects(Participant found, Expected.Person wanted) {
    equal("publisher_info is an object", found.getPublisherInfo() instanceof Map, true);
    equal("properties is an object", found.getProperties() instanceof Map, true);
  }

  private void pages() {
    ParticipantReader reader = reader().setPageSize(1000L);
    Page<Participant> first = reader.firstPage(client);
    Page<Participant> second = reader.nextPage(first, client);
    Page<Participant> third = reader.nextPage(second, client);
    Set<String> sids = new HashSet<>();
    List<Integer> sizes = new ArrayList<>();
    for (Page<Participant> page : List.of(first, second, third)) {
      sizes.add(page.getRecords().size());
      sids.addAll(sidsOf(page.getRecords()));
    }
    equal("sizes of the pages", sizes, List.of(1000, 1000, 500));
    equal("distinct SIDs", sids.size(), expected.people.size());
    equal("a page after the last", third.hasNextPage(), false);
    Page<Participant> back = reader.previousPage(second, client);
    equal("page before the second", sidsOf(back.getRecords()), sidsOf(first.getRecords()));
  }

  /** The audio room began a minute before the large one, has no VP8, and is completed. */
  private void filtersRooms() {
    ZonedDateTime began = expected.createTime.withZoneSameInstant(ZoneOffset.UTC);
    ZonedDateTime hourBefore = began.minusHours(1);
    Set<String> large = Set.of(ROOM_SID);
    Set<String> audio = Set.of(expected.audioRoomSid);
    RoomReader typed = Room.reader().setRoomType(Room.RoomType.GROUP).setCodec(Room.Codec.VP8);
    RoomReader either = Room.reader().setCodec(List.of(Room.Codec.VP8, Room.Codec.OPUS));
    RoomReader goRooms = Room.reader().setRoomType(Room.RoomType.GO);
    equal("group rooms with VP8", roomSids(typed.setCreatedAfter(hourBefore)), large);
    equal("rooms with VP8 or opus", roomSids(either.setCreatedAfter(hourBefore)),
        Set.of(ROOM_SID, expected.audioRoomSid));
    equal("go rooms", roomSids(goRooms.setCreatedAfter(hourBefore)), Set.of());
    equal("rooms created on or after that second", roomSids(Room.reader().setCreatedAfter(began)), large);
    equal("rooms created before that second", roomSids(Room.reader().setCreatedBefore(began)), audio);
    equal("rooms of that name", roomSids(Room.reader().setRoomName(expected.roomName)), large);
  }

  private void fetchesRoom() {
    Room room = Room.fetcher(ROOM_SID).fetch(client);
    String self = BASE_URL + "/v1/Video/Rooms/" + ROOM_SID;
    equal("room_sid", room.getRoomSid(), ROOM_SID);
    equal("room_name", room.getRoomName(), expected.roomName);
    equal("create_time", instantOf(room.getCreateTime()), instantOf(expected.createTime));
    equal("end_time", room.getEndTime(), null);
    equal("room_status", room.getRoomStatus(), Room.RoomStatus.IN_PROGRESS);
    equal("room_type", room.getRoomType(), Room.RoomType.GROUP);
    equal("codecs", Set.copyOf(room.getCodecs()), Set.of(Room.Codec.VP8, Room.Codec.H264, Room.Codec.OPUS));
    equal("unique_participants", room.getUniqueParticipants(), expected.people.size());
    equal("unique_participant_identities", room.getUniqueParticipantIdentities(), expected.people.size());
    equal("total_participant_duration_sec", room.getTotalParticipantDurationSec(),
        expected.totalDurationSec());
    equal("url", room.getUrl(), URI.create(self));
    equal("links", room.getLinks(), Map.of("participants", self + "/Participants"));
  }

  private void fetchesParticipant() {
    Participant listed = read(limited(3)).get(2);
    Participant found = Participant.fetcher(ROOM_SID, listed.getParticipantSid()).fetch(client);
    equal("participant fetched and listed", found, listed);
    String self = BASE_URL + "/v1/Video/Rooms/" + ROOM_SID + "/Participants/" + found.getParticipantSid();
    equal("url", found.getUrl(), URI.create(self));
  }

  private static ParticipantReader reader() {
    return Participant.reader(ROOM_SID);
  }

  private static ParticipantReader limited(long limit) {
    ParticipantReader reader = reader();
    reader.limit(limit);
    return reader;
  }

  private List<Participant> read(ParticipantReader reader) {
    List<Participant> found = new ArrayList<>();
    reader.read(client).forEach(found::add);
    return found;
  }

  private Set<String> roomSids(RoomReader reader) {
    Set<String> sids = new HashSet<>();
    reader.read(client).forEach(room -> sids.add(room.getRoomSid()));
    return sids;
  }

  /** Checks that every participant is there once: the number of rows is right, and no SID or identity is repeated. */
  private void requireAll(List<Participant> found) {
    equal("participants", found.size(), expected.people.size());
    equal("distinct SIDs", new HashSet<>(sidsOf(found)).size(), expected.people.size());
    Set<String> identities =
        found.stream().map(Participant::getParticipantIdentity).collect(Collectors.toSet());
    equal("identities", identities, expected.people.keySet());
  }

  private void eachParticipant(BiConsumer<Participant, Expected.Person> body) {
    List<Participant> found = read(reader().setPageSize(1000L));
    for (Participant one : found) body.accept(one, expected.people.get(one.getParticipantIdentity()));
    equal("participants", found.size(), expected.people.size());
  }

  private static void failsWith(int status, int code, Runnable call) {
    try {
      call.run();
    } catch (ApiException error) {
      equal("status", error.getStatusCode(), status);
      equal("code", error.getCode(), code);
      return;
    }
    throw new AssertionError("no exception");
  }

  private static List<String> sidsOf(List<Participant> found) {
    return found.stream().map(Participant::getParticipantSid).collect(Collectors.toList());
  }

  private static Object instantOf(ZonedDateTime time) {
    return time == null ? null : time.toInstant();
  }

  private static void equal(String what, Object actual, Object wanted) {
    if (Objects.equals(actual, wanted)) return;
    throw new AssertionError(what + " is " + shortened(actual) + ", not " + shortened(wanted));
  }

  private static String shortened(Object value) {
    String text = String.valueOf(value);
    return text.length() <= 120 ? text : text.substring(0, 120) + "…";
  }
}
