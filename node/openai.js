'use strict';

const { InvalidArgumentError } = require('./lib/errors.js');
const { STREAMED } = require('./lib/events.js');
const { Turn, options } = require('./lib/turn.js');

/** Whoever gives up waiting may have used tokens all the same; how many, nobody knows. */
const GAVE_UP = new Set(['APIConnectionTimeoutError', 'APIUserAbortError']);

/**
 * The calls of an OpenAI client that send text to a model, each judged before and after. What is not among them is not there, so
 * nothing goes past the policies by another name.
 */
function guardOpenAI(client, given) {
  const identity = given?.identity;
  const constant = typeof identity === 'object' && identity !== null ? { ...given, identity: () => identity } : given;
  const settings = options(constant);
  const guarded = (format, create, answers) =>
    async function create_(body, requestOptions) {
      const streams = Boolean(body?.stream);
      if (streams && !(STREAMED.has(format) && settings.answers)) {
        throw new InvalidArgumentError('an answer that streams cannot be judged here; ask without `stream`');
      }
      const turn = new Turn({ ...settings, format }, await settings.identity(body));
      const request = await turn.request(body);
      let answer;
      try {
        answer = await create(request, requestOptions);
      } catch (error) {
        if (GAVE_UP.has(error?.constructor?.name)) turn.settle();
        else turn.release();
        throw error;
      }
      if (streams) return through(turn, format, answer);
      if (answers && settings.answers) return turn.response(answer);
      turn.settle(answer);
      return answer;
    };
  return {
    chat: { completions: { create: guarded('openai-chat', (...call) => client.chat.completions.create(...call), true) } },
    responses: { create: guarded('openai-responses', (...call) => client.responses.create(...call), true) },
    completions: { create: guarded('openai-completions', (...call) => client.completions.create(...call), true) },
    // What comes back is numbers.
    embeddings: { create: guarded('openai-embeddings', (...call) => client.embeddings.create(...call), false) },
  };
}

/** The events of an answer that may be shown, as the client's own objects. */
async function* through(turn, format, answer) {
  const stream = turn.exchange.stream({ format });
  let text = '';
  try {
    for await (const part of stream.through(written(format, answer))) {
      const events = (text + part).split('\n\n');
      text = events.pop();
      for (const event of events) {
        const data = event.split('\n').filter((line) => line.startsWith('data: ')).map((line) => line.slice('data: '.length)).join('\n');
        if (data !== '' && data !== '[DONE]') yield JSON.parse(data);
      }
    }
  } finally {
    turn.settle();
  }
}

/** Events as the provider sent them. */
async function* written(format, answer) {
  for await (const event of answer) {
    const name = format === 'openai-responses' ? `event: ${event.type}\n` : '';
    yield `${name}data: ${JSON.stringify(event)}\n\n`;
  }
  if (format === 'openai-chat') yield 'data: [DONE]\n\n';
}

exports.guardOpenAI = guardOpenAI;
