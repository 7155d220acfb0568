import type { Feed } from '../feeds/feed.ts'
import type { Command } from './command.ts'

type KeyHelp = Required<Pick<Command, 'options' | 'notes'>>

/** The options and the notes of `rollcall feed add`. */
export function addHelp(feeds: readonly Feed[]): KeyHelp {
  const secrets = feeds.flatMap(({ kind, keys }) => {
    if (keys.made === 'generated') return []
    if (keys.made === 'by account') return `${kind} (the auth token of that account)`
    return keys.generate === undefined ? kind : `${kind} (with --key)`
  })
  return {
    options: {
      ...keyOption(
        feeds,
        (label, isOptional) => `the ${label}${isOptional ? ', generated if not given' : ''}`,
      ),
      ...urlOption(feeds),
    },
    notes: [
      ...feeds.map(({ kind, summary, path }) => `${kind}: ${summary}; to ${path}`),
      ...(secrets.length === 0 ? [] : [`The secret is read from standard input for ${listOf(secrets)}.`]),
    ],
  }
}

/** The option `--key` and the notes of `rollcall feed rotate`. */
export function rotateHelp(feeds: readonly Feed[]): KeyHelp {
  const secrets = feeds.filter(({ keys }) => keys.made !== 'generated').map(({ kind }) => kind)
  const generated = feeds.filter(({ keys }) => keys.made === 'generated').map(({ kind }) => kind)
  return {
    options: keyOption(feeds, label => `a new ${label}, if it changes too`),
    notes: [
      ...(secrets.length === 0 ? [] : [`The new secret is read from standard input for ${listOf(secrets)}.`]),
      ...(generated.length === 0 ? [] : [`The new key is generated and printed for ${listOf(generated)}.`]),
    ],
  }
}

/** The option that names the media server of a feed, where there are feeds whose server has a list. */
export function urlOption(feeds: readonly Feed[]): Command['options'] {
  const kinds = feeds.filter(({ snapshot }) => snapshot !== undefined).map(({ kind }) => kind)
  if (kinds.length === 0) return {}
  const help =
    "the address of the media server, whose list corrects what events missed: the server's API, or ws: or wss: of it"
  return { url: ['URL', `${kinds.join(', ')}: ${help}`] }
}

/** The option that names a key, where there are feeds whose owner chooses it. */
function keyOption(
  feeds: readonly Feed[],
  help: (label: string, isOptional: boolean) => string,
): Command['options'] {
  const texts = feeds.flatMap(({ kind, keys }) =>
    keys.made === 'chosen' ? `${kind}: ${help(keys.keyLabel.trim(), keys.generate !== undefined)}` : [],
  )
  return texts.length === 0 ? {} : { key: ['KEY', texts.join('; ')] }
}

function listOf(words: readonly string[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`
}
