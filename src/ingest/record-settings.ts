import type { Feed } from '../feeds/feed.ts'
import type { RecordSettings } from '../fold/participant-record.ts'

/** The operator's settings for records, with the facts of the feeds that records depend on. */
export function recordSettings(settings: RecordSettings, feeds: Iterable<Feed>): RecordSettings {
  const { mediaRegions, publisherAttributes } = settings
  const kindsWithErrorCodes = [...feeds].flatMap(({ kind, statesErrorCodes }) =>
    statesErrorCodes ? kind : [],
  )
  return { mediaRegions, publisherAttributes, kindsWithErrorCodes }
}
