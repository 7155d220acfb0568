/**
 * How the key and the secret of a feed are made, and what its owner gives or is given. `rollcall feed add` and
 * `rollcall feed rotate` use it.
 */
export type FeedKeys = ChosenKey | GeneratedKey | AccountKey

/** The owner gives the key, as it is in the settings of the sender, and the secret that belongs to it. */
export interface ChosenKey {
  readonly made: 'chosen'
  /** What the vendor calls the key, like `API key`. */
  readonly keyLabel: string
  /** The prompt for the secret of a key. */
  secretPrompt(key: string): string
  /** Generates a key and its secret for an owner who gives none. Without it the key must be given. */
  readonly generate?: (newSecret: () => string) => { readonly key: string; readonly secret: string }
}

/** Rollcall generates a long random key, which alone proves who sends. Only its hash is stored. */
export interface GeneratedKey {
  readonly made: 'generated'
  /** The form of the key that is stored and by which the feed is found. */
  authKeyOf(key: string): string
  /** The lines that show the key to the owner, and how to send it. */
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
  /** The name from which the id of the feed is derived. */
  readonly name: string
  readonly authKey: string
  readonly secret: string
  /** The URL of the media server whose list is read, if the settings name it. */
  readonly url?: string | undefined
}
