import type OpenAI from 'openai';
import type { Context } from './index.js';
import type { GuardOptions } from './lib/turn.js';

type Options = OpenAI.RequestOptions;

/** The calls of a client that send text to a model, each judged before and after. */
export interface GuardedOpenAI {
  readonly chat: {
    readonly completions: {
      create(
        body: OpenAI.Chat.Completions.ChatCompletionCreateParamsNonStreaming,
        options?: Options,
      ): Promise<OpenAI.Chat.Completions.ChatCompletion>;
      /** An answer that streams is judged as it is read: iterating throws where it is stopped, or at its end when it is refused. */
      create(
        body: OpenAI.Chat.Completions.ChatCompletionCreateParamsStreaming,
        options?: Options,
      ): Promise<AsyncIterable<OpenAI.Chat.Completions.ChatCompletionChunk>>;
    };
  };
  readonly responses: {
    create(body: OpenAI.Responses.ResponseCreateParamsNonStreaming, options?: Options): Promise<OpenAI.Responses.Response>;
    create(
      body: OpenAI.Responses.ResponseCreateParamsStreaming,
      options?: Options,
    ): Promise<AsyncIterable<OpenAI.Responses.ResponseStreamEvent>>;
  };
  readonly completions: {
    create(body: OpenAI.Completions.CompletionCreateParamsNonStreaming, options?: Options): Promise<OpenAI.Completions.Completion>;
  };
  readonly embeddings: {
    create(body: OpenAI.Embeddings.EmbeddingCreateParams, options?: Options): Promise<OpenAI.Embeddings.CreateEmbeddingResponse>;
  };
}

/** How the guard of a client is made: `identity` is who asks, or says so from the request's parameters. */
export interface OpenAIGuardOptions extends Omit<GuardOptions<any>, 'identity' | 'format'> {
  readonly identity: Context | ((body: any) => Context | Promise<Context>);
}

/**
 * Judges what a client sends and gets. A call that does not pass is rejected with `DeniedError`, `ThrottledError` or
 * `ApprovalRequiredError`. What limits hold is settled with what the answer says that it used, and
 * given back when the call fails.
 */
export function guardOpenAI(client: OpenAI, options: OpenAIGuardOptions): GuardedOpenAI;
