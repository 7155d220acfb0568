/** One room of one account. */
export interface RoomKey {
  readonly accountSid: string
  readonly roomSid: string
}
