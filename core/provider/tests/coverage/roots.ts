// The types whose text leaves the coverage test looks at: one for each format and stage, as their bodies are on the wire.
import type { Message as A2aMessage, Part as A2aPart, SendMessageRequest, SendMessageResponse, Task } from "@a2a-js/sdk";
import type * as anthropic from "@anthropic-ai/sdk/resources/messages";
import type * as bedrock from "@aws-sdk/client-bedrock-runtime";
import type * as gemini from "@google/genai";
import type { CallToolRequest, CallToolResult, JSONRPCErrorResponse } from "@modelcontextprotocol/sdk/types.js";
import type * as chat from "openai/resources/chat/completions";
import type * as completions from "openai/resources/completions";
import type * as embeddings from "openai/resources/embeddings";
import type * as responses from "openai/resources/responses/responses";

export interface Roots {
  "openai-chat request": chat.ChatCompletionCreateParams;
  "openai-chat response": chat.ChatCompletion;
  "openai-chat tool_call": chat.ChatCompletionMessageToolCall;
  "openai-chat tool_result": chat.ChatCompletionToolMessageParam;
  "openai-responses request": responses.ResponseCreateParams;
  "openai-responses response": responses.Response;
  "openai-responses tool_call": responses.ResponseFunctionToolCall | responses.ResponseCustomToolCall;
  "openai-responses tool_result": responses.ResponseInputItem.FunctionCallOutput | responses.ResponseCustomToolCallOutput;
  "openai-completions request": completions.CompletionCreateParams;
  "openai-completions response": completions.Completion;
  "openai-embeddings request": embeddings.EmbeddingCreateParams;
  "openai-embeddings response": embeddings.CreateEmbeddingResponse;
  "anthropic request": anthropic.MessageCreateParams;
  "anthropic response": anthropic.Message;
  "anthropic tool_call": anthropic.ToolUseBlock;
  "anthropic tool_result": anthropic.ToolResultBlockParam;
  // The package's parameters are its own; on the wire stand these parts of them.
  "gemini request": {
    model: string;
    contents: gemini.Content[];
    systemInstruction: gemini.Content;
    tools: gemini.Tool[];
    generationConfig: gemini.GenerationConfig;
  } & Pick<
    gemini.GenerateContentConfig,
    "safetySettings" | "toolConfig" | "labels" | "cachedContent" | "modelArmorConfig" | "serviceTier" | "store"
  >;
  // Without what the package adds for its users' convenience.
  "gemini response": Omit<
    gemini.GenerateContentResponse,
    | "sdkHttpResponse"
    | "automaticFunctionCallingHistory"
    | "text"
    | "data"
    | "functionCalls"
    | "executableCode"
    | "codeExecutionResult"
  >;
  "gemini tool_call": gemini.FunctionCall;
  "gemini tool_result": gemini.FunctionResponse;
  "bedrock request": bedrock.ConverseRequest;
  "bedrock response": bedrock.ConverseResponse;
  "bedrock tool_call": bedrock.ToolUseBlock;
  "bedrock tool_result": bedrock.ToolResultBlock;
  "mcp tool_call": CallToolRequest & { jsonrpc: "2.0"; id: string | number };
  "mcp tool_result": { jsonrpc: "2.0"; id: string | number; result: CallToolResult } | JSONRPCErrorResponse;
  "a2a request": { jsonrpc: "2.0"; id: string; method: "SendMessage"; params: Wire<SendMessageRequest> };
  "a2a response": { jsonrpc: "2.0"; id: string; result: { message: Wire<A2aMessage> } | { task: Wire<Task> } };
}

// A2A's types are those of its binary form; its JSON writes the one part that is there by its name, and enumerations as names.
type WirePart = Omit<Wire1<A2aPart>, "content"> & { text?: string; raw?: Uint8Array; url?: string; data?: unknown };
type Wire1<T> = { [K in keyof T]: Wire<T[K]> };
type Wire<T> = T extends A2aPart
  ? WirePart
  : T extends (infer E)[]
    ? Wire<E>[]
    : T extends string | boolean | undefined | null | Uint8Array
      ? T
      : T extends number
        ? number extends T
          ? number
          : string
        : T extends object
          ? Wire1<T>
          : T;
