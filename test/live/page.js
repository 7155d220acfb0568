// Runs in the participant's browser. Moments are noted here, by the clock of the page, as they happen.
const { DisconnectReason, Room, RoomEvent } = globalThis.LivekitClient

// Small and slow, so that many of them run on two cores.
const CAMERA = { resolution: { width: 320, height: 180, frameRate: 10 } }

let room
let disconnected

/**
 * Joins, publishes camera and microphone if a video codec is named, and says who it is in the room.
 * The join is the moment at which the server lets it in: that is LiveKit's `joinedAt`; media follows.
 */
globalThis.join = async ({ url, token, videoCodec }) => {
  room = new Room({ adaptiveStream: true }) // nothing is on show, so no video need be decoded
  disconnected = new Promise(resolve => {
    room.once(RoomEvent.Disconnected, reason => {
      resolve({ atMs: Date.now(), reason: DisconnectReason[reason] })
    })
  })
  let joinedAtMs
  room.once(RoomEvent.SignalConnected, () => {
    joinedAtMs = Date.now()
  })
  await room.connect(url, token, { rtcConfig: { iceServers: [] } })
  if (videoCodec) {
    await room.localParticipant.setCameraEnabled(true, CAMERA, { videoCodec, simulcast: false })
    await room.localParticipant.setMicrophoneEnabled(true)
  }
  return { participantSid: room.localParticipant.sid, roomSid: await room.getSid(), joinedAtMs }
}

/** How many others this one sees in the room. */
globalThis.othersSeen = () => room.remoteParticipants.size

/** The MIME types of the tracks of which packets have gone out, by WebRTC's own statistics. */
globalThis.mimeTypesSent = async () => {
  const reports = await Promise.all(
    [...room.localParticipant.trackPublications.values()].map(({ track }) => track.sender.getStats()),
  )
  return reports.flatMap(report =>
    [...report.values()]
      .filter(({ type, packetsSent, codecId }) => type === 'outbound-rtp' && packetsSent > 0 && codecId)
      .map(({ codecId }) => report.get(codecId).mimeType),
  )
}

/** Leaves as a person does who presses the button; resolves to the moment of the press. */
globalThis.leave = async () => {
  const leftAtMs = Date.now()
  await room.disconnect()
  return leftAtMs
}

/** When and why the server ended it. */
globalThis.disconnection = () => disconnected
