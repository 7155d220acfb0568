/**
 * How a feed is found and verified, as far as its owner has to do with it. `rollcall feed add` and `feed rotate` follow
 * from it.
 */
export type FeedKeys = ChosenKey | GeneratedKey | AccountKey

/** The owner names the key, as it stands in the sender's settings, and gives the secret that belongs to it. */
export interface ChosenKey {
  readonly made: 'chosen'
  /** What the key is called at the vendor, like `API key`. */
  readonly keyLabel: string
  /** The prompt for the secret of a key. */
  secretPrompt(key: string): string
  /** Makes up a key and its secret for an owner who names none; without it the key must be named. */
  readonly generate?: (newSecret: () => string) => { readonly key: string; readonly secret: string }
}

/** Rollcall makes up a long random key, which alone proves who sends. Only its hash is kept. */
export interface GeneratedKey {
  readonly made: 'generated'
  /** What is kept of the key, and what the feed is found by. */
  authKeyOf(key: string): string
  /** The lines that tell the owner of the key and how to send it. */
  linesFor(key: string): readonly string[]
}

/** The feed is found by its account's own SID at the vendor, and verified with the auth token there. */
export interface AccountKey {
  readonly made: 'by account'
  /** The prompt for the secret of an account. */
  secretPrompt(accountSid: string): string
}

/** The settings of the server, by their names in config.ts. */
export type FeedSettings = Readonly<Record<string, unknown>>

/** A feed that the settings name, for the default account. */
export interface ConfiguredFeed {
  /** What the feed's id is made of. */
  readonly name: string
  readonly authKey: string
  readonly secret: string
}
