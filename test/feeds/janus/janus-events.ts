import { NOW_MS } from '../../support/test-server.ts'

/** An event of Janus, as its event handlers send it. */
export type JanusEvent = Readonly<Record<string, unknown>>

/** An hour before now: 2026-03-01T11:00:00Z. */
export const START_MS = NOW_MS - 3_600_000

const ROOM = 1234
const PLUGIN = 'janus.plugin.videoroom'

/** One Janus and the people who are connected to it. Every `at` is in seconds after START_MS. */
export function janusNamed(emitter: string) {
  let people = 0
  const event = (at: number, type: number, rest: object): JanusEvent => {
    return { emitter, type, timestamp: Math.round((START_MS + at * 1000) * 1000), ...rest }
  }
  const plugin = (at: number, data: object, from: object = {}, name = PLUGIN) =>
    event(at, 64, { ...from, event: { plugin: name, data } })
  const transport = (at: number, id: string, name: string) =>
    event(at, 128, { event: { transport: 'janus.transport.websockets', id, data: { event: name } } })

  return {
    event,
    plugin,
    transport,
    started: (at: number) => event(at, 256, { subtype: 1, event: { status: 'started', info: {} } }),
    stopped: (at: number) => event(at, 256, { subtype: 2, event: { status: 'shutdown', signum: 15 } }),
    created: (at: number, room: number | string) => plugin(at, { event: 'created', room }),
    destroyed: (at: number, room: number | string) => plugin(at, { event: 'destroyed', room }),
    leaving: (at: number, id: number | string, room: number | string = ROOM) =>
      plugin(at, { event: 'leaving', room, id }),
    kicked: (at: number, id: number | string, room: number | string = ROOM) =>
      plugin(at, { event: 'kicked', room, id }),

    /** The copy of a publisher at another Janus: its events have no session and no handle, and it has no join. */
    copy(name: string, { id = 77, room = ROOM }: { id?: number | string; room?: number | string } = {}) {
      const tell = (word: string) => (at: number, more: object) =>
        plugin(at, { event: word, room, id, display: name, ...more })
      const ends = (word: string) => (at: number) => tell(word)(at, {})
      const audio = { type: 'audio', mindex: 0, mid: '0', codec: 'opus' }
      const video = { type: 'video', mindex: 1, mid: '1', codec: 'vp9' }
      return {
        comes: (at: number) => tell('published')(at, { streams: [audio] }),
        isUpdated: (at: number) => tell('updated')(at, { streams: [audio, video] }),
        ...{ leaves: ends('leaving'), isKicked: ends('kicked') },
      }
    },

    /** A person with their own transport, session and handle. */
    person(name: string, given: { id?: number | string; room?: number | string; transportId?: string } = {}) {
      const index = ++people
      const { id = 100 + index, room = ROOM, transportId = `9000${index}` } = given
      const sessionId = 1000 + index
      const from = { session_id: sessionId, handle_id: 2000 + index, opaque_id: name }
      const ofSession = (at: number, data: object) => event(at, 1, { session_id: sessionId, event: data })
      const ofHandle = (at: number, word: string) =>
        event(at, 2, { ...from, event: { name: word, plugin: PLUGIN, opaque_id: name } })
      const webSocket = { transport: 'janus.transport.websockets', id: transportId }

      const connects = (at: number) => transport(at, transportId, 'connected')
      const makesSession = (at: number) => ofSession(at, { name: 'created', transport: webSocket })
      const attaches = (at: number) => ofHandle(at, 'attached')
      const joins = (at: number, more: object = {}) =>
        plugin(at, { event: 'joined', room, id, private_id: 7, display: name, ...more }, from)
      const unpublishes = (at: number) => plugin(at, { event: 'unpublished', room, id })
      const leaves = (at: number) => plugin(at, { event: 'leaving', room, id })
      const disconnects = (at: number) => transport(at, transportId, 'disconnected')
      const detaches = (at: number) => ofHandle(at, 'detached')
      const timesOut = (at: number) => ofSession(at, { name: 'timeout' })
      const endsSession = (at: number) => ofSession(at, { name: 'destroyed' })
      return {
        ...{ id, from, connects, makesSession, attaches, joins },
        ...{ unpublishes, leaves, disconnects, detaches, timesOut, endsSession },
        publishes: (at: number, codec = 'vp8') =>
          plugin(at, { event: 'published', room, id, streams: [{ type: 'video', mid: '1', codec }] }, from),
        /** The answer to a handle that asks for the streams of a feed; another handle of the session where one is given. */
        subscribes: (
          at: number,
          { handle = from.handle_id, ...more }: { handle?: number; private_id?: number } = {},
        ) =>
          plugin(
            at,
            {
              event: 'subscribing',
              room,
              streams: [{ type: 'video', active: true, mindex: 0, mid: '0', feed_id: 101, codec: 'vp8' }],
              private_id: 0,
              ...more,
            },
            { ...from, handle_id: handle },
          ),
        configures: (at: number) => plugin(at, { event: 'configured', room, id, bitrate: 0 }, from),
        receives: (at: number, receiving = true) =>
          event(at, 32, { subtype: 1, ...from, event: { media: 'video', mid: '1', receiving } }),
        stats: (at: number) =>
          event(at, 32, { subtype: 3, ...from, event: { media: 'video', mid: '1', codec: 'vp8', rtt: 3 } }),
        hangsUp: (at: number) =>
          event(at, 16, { subtype: 6, ...from, event: { connection: 'hangup', reason: 'DTLS alert' } }),
        /** All events of a person up to the join. */
        comes: (at: number) => [connects(at), makesSession(at), attaches(at), joins(at)],
        /** The person leaves the room and ends the session. */
        goes: (at: number) => [leaves(at), endsSession(at), disconnects(at), detaches(at)],
        closesTab: (at: number) => [
          ...[disconnects(at), unpublishes(at), unpublishes(at + 0.001)],
          ...[leaves(at + 0.002), detaches(at + 0.003)],
        ],
        isGivenUp: (at: number) => [timesOut(at), unpublishes(at), leaves(at + 0.001), detaches(at + 0.002)],
      }
    },
  }
}

/** The Janus that most tests use. */
export const janus = () => janusNamed('janus-1')
