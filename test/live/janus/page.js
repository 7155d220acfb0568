// Runs in the participant's browser, and notes moments by the clock of the page.
// It talks to Janus over a WebSocket: one session, with a handle for each media connection.
const KEEP_ALIVE_MS = 3_000
const CAMERA = { width: 320, height: 180, frameRate: 10 } // small and slow, because many browsers run on two cores

let socket
let session
let room
let me
let publishing
let listening
const waiting = new Map() // by transaction: the function that takes the answer
const heard = [] // the ends of stays of which Janus has told this page

/** Joins a room, and publishes camera and microphone if a video codec is named. Gives the moment of `joined`. */
globalThis.join = async ({ url, room: roomId, display, opaqueId, videoCodec }) => {
  await openSession(url)
  const handle = await attach(opaqueId)
  const joined = await handle.ask({ request: 'join', ptype: 'publisher', room: roomId, display })
  me = { handle, id: joined.id, privateId: joined.private_id }
  room = roomId
  const answer = { id: joined.id, joinedAtMs: joined.atMs }
  if (videoCodec) await publish(videoCodec)
  return answer
}

/** The MIME types of the tracks of which packets were sent, by the statistics of WebRTC. */
globalThis.mimeTypesSent = async () => {
  const reports = [...(await publishing.getStats()).values()]
  return reports
    .filter(({ type, packetsSent, codecId }) => type === 'outbound-rtp' && packetsSent > 0 && codecId)
    .map(({ codecId }) => reports.find(({ id }) => id === codecId).mimeType)
}

/** Subscribes to what another participant publishes, with another handle. */
globalThis.listenTo = async ({ id }) => {
  const handle = await attach()
  const streams = [{ feed: id }]
  const { jsep } = await handle.ask({
    request: 'join',
    ptype: 'subscriber',
    room,
    streams,
    private_id: me.privateId,
  })
  listening = new RTCPeerConnection()
  await listening.setRemoteDescription(jsep)
  await listening.setLocalDescription()
  await handle.ask({ request: 'start' }, await gathered(listening))
}

globalThis.packetsReceived = async () => {
  const reports = [...(await listening.getStats()).values()]
  return reports.reduce(
    (sum, { type, packetsReceived }) => sum + (type === 'inbound-rtp' && packetsReceived),
    0,
  )
}

/** Leaves the room and ends the session, like a page with a button. Resolves to the moment of the click. */
globalThis.leave = async () => {
  const leftAtMs = Date.now()
  await me.handle.ask({ request: 'leave' })
  await ask({ janus: 'destroy', session_id: session })
  socket.close()
  return leftAtMs
}

globalThis.endsHeard = () => heard

async function publish(videoCodec) {
  const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: CAMERA })
  publishing = new RTCPeerConnection()
  for (const track of media.getTracks()) {
    const transceiver = publishing.addTransceiver(track, { direction: 'sendonly' })
    if (track.kind === 'video') transceiver.setCodecPreferences(codecsLike(`video/${videoCodec}`))
  }
  await publishing.setLocalDescription()
  const { jsep } = await me.handle.ask({ request: 'publish' }, await gathered(publishing))
  await publishing.setRemoteDescription(jsep)
}

function codecsLike(mimeType) {
  const { codecs } = RTCRtpSender.getCapabilities('video')
  return codecs.filter(codec => codec.mimeType.toLowerCase() === mimeType)
}

/** The local description with all ICE candidates, so that none must be sent later. */
async function gathered(connection) {
  while (connection.iceGatheringState !== 'complete') {
    await new Promise(resolve => {
      connection.addEventListener('icegatheringstatechange', resolve, { once: true })
    })
  }
  return connection.localDescription
}

async function openSession(url) {
  socket = new WebSocket(url, 'janus-protocol')
  socket.addEventListener('message', ({ data }) => take(JSON.parse(data)))
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true })
    socket.addEventListener('error', () => reject(new Error('Janus refused the WebSocket')), { once: true })
  })
  session = (await ask({ janus: 'create' })).data.id
  setInterval(() => {
    if (socket.readyState === WebSocket.OPEN) ask({ janus: 'keepalive', session_id: session })
  }, KEEP_ALIVE_MS)
}

async function attach(opaqueId) {
  const identity = opaqueId && { opaque_id: opaqueId }
  const plugin = 'janus.plugin.videoroom'
  const { data } = await ask({ janus: 'attach', plugin, session_id: session, ...identity })
  return {
    async ask(body, jsep) {
      const message = { janus: 'message', session_id: session, handle_id: data.id, body }
      const answer = await ask(jsep ? { ...message, jsep } : message)
      const told = answer.plugindata.data
      if (told.error) throw new Error(`${body.request}: ${told.error}`)
      return { ...told, jsep: answer.jsep, atMs: Date.now() }
    },
  }
}

function ask(request) {
  const transaction = crypto.randomUUID()
  socket.send(JSON.stringify({ ...request, transaction }))
  return new Promise((resolve, reject) => {
    waiting.set(transaction, answer => {
      if (answer.janus === 'error') reject(new Error(answer.error.reason))
      else resolve(answer)
    })
  })
}

function take(message) {
  const { janus, transaction } = message
  // `ack` means that the answer comes later; a keepalive gets no other answer.
  const answer = janus === 'ack' ? undefined : waiting.get(transaction)
  if (answer) {
    waiting.delete(transaction)
    answer(message)
    return
  }
  const told = message.plugindata?.data
  if (told?.videoroom === 'destroyed') heard.push({ end: 'destroyed', atMs: Date.now() })
  for (const end of ['leaving', 'kicked']) {
    if (told?.[end] !== undefined) heard.push({ end, id: told[end], atMs: Date.now() })
  }
}
