const CODECS = ['VP8', 'H264', 'VP9', 'opus']

/** The codecs of MIME types, by the names and in the order of Twilio's API. Opus with redundancy is opus too. */
export function codecsSent(mimeTypes: string[]): string[] {
  const sent = mimeTypes.map(type => type.split('/')[1])
  return CODECS.filter(codec => sent.includes(codec) || (codec === 'opus' && sent.includes('red')))
}
