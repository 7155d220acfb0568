import type { Database } from '../engine/database.ts'

/** Finds the rooms whose events are about given participants. */
export interface RoomsOfParticipants {
  /** The room SID for each participant SID that has events, without rooms from which the stay was relocated. */
  find(accountSid: string, participantSids: readonly string[]): Promise<Map<string, string>>
}

/** Makes an index that only the temporary database of a rebuild needs. */
export async function roomsOfParticipants(database: Database): Promise<RoomsOfParticipants> {
  const { reader } = database
  await database.transact(connection =>
    connection.run(
      'create index if not exists events_by_participant on events (participant_sid, account_sid, room_sid)',
    ),
  )
  return {
    async find(accountSid, participantSids) {
      if (participantSids.length === 0) return new Map()
      const { isOneOf, list } = reader.dialect
      const rows = await reader.all<{ participantSid: string; roomSid: string }>(
        `select participant_sid "participantSid", max(room_sid) "roomSid" from events
         where ${isOneOf('participant_sid')} and account_sid = ? and not exists (
           select 1 from events relocated where relocated.account_sid = events.account_sid
             and relocated.room_sid = events.room_sid and relocated.participant_sid = events.participant_sid
             and relocated.body like '{"kind":"observation.participant_relocated"%')
         group by participant_sid`,
        [list(participantSids), accountSid],
      )
      return new Map(rows.map(({ participantSid, roomSid }) => [participantSid, roomSid]))
    },
  }
}
