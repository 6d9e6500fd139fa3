// What several tests load.

export const root = new URL('../../', import.meta.url);

/** Allows, but for models that end with -preview. */
export const MODELS = `
version: "1.0"
metadata: {name: models}
config: {default_action: allow}
rules:
  - id: no-preview
    when: request.model.endsWith('-preview')
    actions: [{type: deny, reason: not for production, code: preview, public_message: This model is not available.}]
`;

export const now = '2026-11-23T10:00:00Z';

/** What a call gives: a decision's canonical form, or the error without the place in the bytes, which only JSON has. */
export function outcome(call) {
  try {
    return call().canonical;
  } catch (error) {
    if (error.decision === undefined) throw error;
    return `${error.code} ${error.message.replace(/ at byte \d+/, '')} ${error.decision.effect}`;
  }
}

/** Numbers that look random and are the same in every run: mulberry32. */
export function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
