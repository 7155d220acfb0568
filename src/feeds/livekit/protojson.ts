import { intOf, type Json } from '../json.ts'

/**
 * A member of a protobuf message in JSON, by its camelCase name or else by the snake_case name of the protobuf file.
 * Members with their default value are left out. Source: protobuf.dev "ProtoJSON Format".
 */
export function field(message: Json, name: string): unknown {
  return message[name] ?? message[name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)]
}

/** A moment in unix milliseconds: `<name>Ms` if the server sends it, else `<name>`, which is in seconds. */
export function momentIn(message: Json, name: string): number | undefined {
  const ms = intOf(field(message, `${name}Ms`))
  return ms === undefined || ms <= 0 ? secondsToMs(field(message, name)) : ms
}

/** Unix milliseconds of unix seconds; undefined for 0, which stands for no moment. */
export function secondsToMs(value: unknown): number | undefined {
  const sec = intOf(value)
  return sec === undefined || sec <= 0 ? undefined : sec * 1000
}
