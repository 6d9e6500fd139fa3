'use strict';

const { InvalidArgumentError } = require('./lib/errors.js');
const { Turn, options } = require('./lib/turn.js');

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
      if (body?.stream) {
        throw new InvalidArgumentError('an answer that streams cannot be judged before it is shown; ask without `stream`');
      }
      const turn = new Turn({ ...settings, format }, await settings.identity(body));
      const answer = await create(await turn.request(body), requestOptions);
      return answers && settings.answers ? turn.response(answer) : answer;
    };
  return {
    chat: { completions: { create: guarded('openai-chat', (...call) => client.chat.completions.create(...call), true) } },
    responses: { create: guarded('openai-responses', (...call) => client.responses.create(...call), true) },
    completions: { create: guarded('openai-completions', (...call) => client.completions.create(...call), true) },
    // What comes back is numbers.
    embeddings: { create: guarded('openai-embeddings', (...call) => client.embeddings.create(...call), false) },
  };
}

exports.guardOpenAI = guardOpenAI;
