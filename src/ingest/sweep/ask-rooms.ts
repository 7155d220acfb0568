import type { Json } from '../../feeds/json.ts'
import type { Snapshot, SnapshotServer } from '../../feeds/snapshot.ts'
import type { AskedRoom } from '../../store/feeds/listed-rooms.ts'

/** How many rooms of one server are asked in one run at most, one after another. */
export const ASKED_A_RUN = 1_000
/** A run asks no more rooms after this time, which is shorter than the time between two runs. */
const ASKING_FOR_MS = 40_000
/** After this many rooms, the list of rooms shows whether they are still the same. Bounds the answers in memory. */
const ASKED_TOGETHER = 20

/** A room of the list whose participants can be asked for. */
export interface AskableRoom {
  readonly roomSid: string
  readonly nativeKey: string
  readonly name: string
  readonly json: Json
  readonly askedAtMs: number
  /** True if the server counts more or fewer participants than the records. */
  readonly differs: boolean
}

/** A list of participants, and when it was requested. */
export interface Answer {
  readonly participants: readonly Json[]
  readonly atMs: number
}

/**
 * Asks the server who is in its rooms, in the order of `inOrder`, and calls `compare` with each answer: it resolves to
 * what is to be stored. Calls `note` for the rooms that were asked. An answer names a room and not its instance, so it
 * counts only if the list shows the same instance under the name afterwards. Each room is asked for itself: `onFault`
 * gets what failed, and the other rooms go on.
 */
export async function askRooms(options: {
  rooms: readonly AskableRoom[]
  snapshot: Snapshot
  server: SnapshotServer
  clock: () => number
  compare: (room: AskableRoom, answer: Answer) => Promise<AskedRoom>
  note: (asked: readonly AskedRoom[]) => Promise<void>
  onFault: (error: unknown) => void
}): Promise<void> {
  const { snapshot, server, clock, compare, note, onFault } = options
  const untilMs = clock() + ASKING_FOR_MS
  const rooms = inOrder(options.rooms)
  for (let from = 0; from < rooms.length; from += ASKED_TOGETHER) {
    const answers: { room: AskableRoom; atMs: number; answer: Outcome<Json[]> }[] = []
    for (const room of rooms.slice(from, from + ASKED_TOGETHER)) {
      const atMs = clock()
      if (atMs > untilMs) break
      answers.push({ room, atMs, answer: await outcomeOf(server.listParticipants(room.name, atMs)) })
    }
    if (answers.length === 0) return
    const names = answers.map(({ room }) => room.name)
    const listed = await outcomeOf(server.listRooms(clock(), names))
    if ('error' in listed) onFault(listed.error)
    const now = 'error' in listed ? [] : listed.value.map(snapshot.readRoom)
    const asked: AskedRoom[] = []
    for (const { room, atMs, answer } of answers) {
      const instances = now.filter(one => one?.name === room.name)
      const isSame = instances.length === 1 && instances[0]?.nativeKey === room.nativeKey
      let compared: AskedRoom = { roomSid: room.roomSid, askedAtMs: atMs, people: undefined }
      // The server need not answer for a room that is over.
      if (isSame && 'error' in answer) onFault(answer.error)
      else if (isSame && 'value' in answer) {
        const outcome = await outcomeOf(compare(room, { participants: answer.value, atMs }))
        if ('error' in outcome) onFault(outcome.error)
        else compared = outcome.value
      }
      asked.push(compared)
    }
    await note(asked)
    // The server does not answer at all.
    if ('error' in listed) return
  }
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown }

async function outcomeOf<T>(work: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work }
  } catch (error) {
    return { error }
  }
}

/**
 * At most ASKED_A_RUN rooms: those whose numbers differ, and those that were not asked for the longest time, in turns.
 * So no room waits for ever, whatever becomes of the others.
 */
function inOrder(rooms: readonly AskableRoom[]): AskableRoom[] {
  const byAge = rooms.toSorted((a, b) => a.askedAtMs - b.askedAtMs)
  const different = byAge.filter(({ differs }) => differs)
  const inTurns = byAge.flatMap((room, index) => [different[index] ?? room, room])
  return [...new Set(inTurns)].slice(0, ASKED_A_RUN)
}
