// A model for the example: it runs here, knows three tricks, and speaks as OpenAI's chat completions do.

export async function complete({ model, messages }) {
  const last = messages.at(-1);
  const answer = (message, finish_reason = 'stop') => ({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 0,
    model,
    choices: [{ index: 0, finish_reason, message: { role: 'assistant', content: null, refusal: null, ...message } }],
  });
  if (last.role === 'tool') return answer({ content: `Done: ${last.content}` });
  const refund = /refund (\d+)/.exec(last.content);
  if (refund) {
    const call = { name: 'refund', arguments: JSON.stringify({ amount: Number(refund[1]) }) };
    return answer({ tool_calls: [{ id: 'call_1', type: 'function', function: call }] }, 'tool_calls');
  }
  if (/where/.test(last.content)) return answer({ content: 'Look at db-7.corp.example.' });
  return answer({ content: `You said: ${last.content}` });
}
