import type { Feed } from '../feeds/feed.ts'
import type { ChosenKey } from '../feeds/keys.ts'
import { type CommandContext, CommandError } from './command.ts'
import { newSecret } from './credentials.ts'

/** What a feed is found by and verified with. */
export interface NewKeys {
  readonly authKey: string
  readonly secret: string
  /** What the owner of the feed is told. */
  readonly lines: readonly string[]
}

interface Owner extends Pick<CommandContext, 'readLine'> {
  readonly accountSid: string
  /** The key that the owner names, if any. */
  readonly key: string | undefined
}

const LABEL_CHARS = 8

/**
 * Makes the keys of a feed. Reads the secret from standard input where it is the owner's. Throws CommandError for a key
 * or a secret that is missing, and for a key that the owner cannot choose.
 */
export async function newKeys(feeds: readonly Feed[], { kind, keys }: Feed, owner: Owner): Promise<NewKeys> {
  const { accountSid, key } = owner
  if (keys.made === 'chosen') return await chosenKeys(kind, keys, owner)
  if (key !== undefined) {
    const kinds = feeds.filter(feed => feed.keys.made === 'chosen').map(feed => feed.kind)
    throw new CommandError(`--key is for ${kinds.join(' and ')}: a ${kind} feed has none to choose.`)
  }
  if (keys.made === 'by account') {
    const secret = await readSecret(owner, keys.secretPrompt(accountSid))
    return { authKey: accountSid, secret, lines: [line('Account', accountSid)] }
  }
  const generated = newSecret()
  return { authKey: keys.authKeyOf(generated), secret: '', lines: keys.linesFor(generated) }
}

async function chosenKeys(
  kind: string,
  { keyLabel, generate, secretPrompt }: ChosenKey,
  owner: Owner,
): Promise<NewKeys> {
  if (owner.key !== undefined) {
    const secret = await readSecret(owner, secretPrompt(owner.key))
    return { authKey: owner.key, secret, lines: [line(keyLabel, owner.key)] }
  }
  if (generate === undefined) {
    throw new CommandError(`A ${kind} feed is found by its ${keyLabel.trim()}: give it with --key.`)
  }
  const { key, secret } = generate(newSecret)
  return { authKey: key, secret, lines: [line(keyLabel, key), line('Secret', secret)] }
}

async function readSecret({ readLine }: Owner, prompt: string): Promise<string> {
  const secret = (await readLine(prompt)).trim()
  if (secret === '') throw new CommandError('No secret came on standard input.')
  return secret
}

function line(label: string, value: string): string {
  return `${label.trim().padEnd(LABEL_CHARS)} ${value}`
}
