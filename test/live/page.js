// Runs in the participant's browser, and notes moments by the clock of the page.
const { DisconnectReason, Room, RoomEvent } = globalThis.LivekitClient

// Small and slow, because many browsers run on two cores.
const CAMERA = { resolution: { width: 320, height: 180, frameRate: 10 } }

let room
let disconnected

/**
 * Joins a room, and publishes camera and microphone if a video codec is named. Gives the participant's SID and the moment
 * at which the server let it in, which is LiveKit's `joinedAt`. Media follows later.
 */
globalThis.join = async ({ url, token, videoCodec }) => {
  room = new Room({ adaptiveStream: true }) // no video is shown, so that none is decoded
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

/** How many other participants are in the room. */
globalThis.othersSeen = () => room.remoteParticipants.size

/** The MIME types of the tracks of which packets were sent, by the statistics of WebRTC. */
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

/** Leaves like a person who clicks a button. Resolves to the moment of the click. */
globalThis.leave = async () => {
  const leftAtMs = Date.now()
  await room.disconnect()
  return leftAtMs
}

/** When and why the server ended the connection. */
globalThis.disconnection = () => disconnected
