/** What is said and heard on a verification call, whoever carries it. */

/** The message types of the system we succeed (fact sheet 3.4), and those of calls on which a number is typed. */
export const voiceMessages = [
  "greeting",
  "greeting_pin",
  "greeting_number",
  "fraud_greeting",
  "fraud_greeting_pin",
  "fraud_greeting_number",
  "retry",
  "retry_pin",
] as const;
export type VoiceMessage = (typeof voiceMessages)[number];

/**
 * The next thing on a call: what is said, one after the other, and what is listened for after it. Without `listen` the call
 * ends after the last word. `say` is text in the person's language, or a recording of ours by its address.
 */
export type Line = {
  language: string;
  say: ({ text: string } | { recording: string } | { pauseMs: number })[];
  /** keys to send first: an extension, `,` a pause */
  dial?: string;
  listen?: { digits: number; seconds: number };
};
