import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the server must answer, as fill-rooms.ts wrote it to a file. */
final class Expected {
  final String roomName;
  final ZonedDateTime createTime;
  final String audioRoomSid;
  final Map<String, Person> people = new HashMap<>();

  static final class Person {
    final ZonedDateTime joinTime;
    final ZonedDateTime leaveTime;
    final Long durationSec;
    final String status;
    final String endReason;
    final Integer errorCode;
    final List<String> codecs = new ArrayList<>();

    private Person(JsonNode json) {
      joinTime = timeOf(json.get("join_time"));
      leaveTime = timeOf(json.get("leave_time"));
      durationSec = json.get("duration_sec").isNull() ? null : json.get("duration_sec").longValue();
      status = json.get("status").textValue();
      endReason = json.get("end_reason").textValue();
      errorCode = json.get("error_code").isNull() ? null : json.get("error_code").intValue();
      json.get("codecs").forEach(codec -> codecs.add(codec.textValue()));
    }
  }

  Expected(File file) throws IOException {
    JsonNode json = new ObjectMapper().readTree(file);
    roomName = json.get("room_name").textValue();
    createTime = timeOf(json.get("create_time"));
    audioRoomSid = json.get("audio_room_sid").textValue();
    json.get("participants").forEach(one -> people.put(one.get("identity").textValue(), new Person(one)));
  }

  long totalDurationSec() {
    return people.values().stream().mapToLong(one -> one.durationSec == null ? 0 : one.durationSec).sum();
  }

  private static ZonedDateTime timeOf(JsonNode json) {
    return json.isNull() ? null : ZonedDateTime.parse(json.textValue());
  }
}
