import engine from './index.js';

export const {
  Engine,
  Exchange,
  PreparedContext,
  Decision,
  selfTestPanic,
  version,
  PolicyEngineError,
  InternalError,
  InvalidPolicyError,
  InvalidInputError,
  UnreadableFileError,
  NoDocumentsError,
  StaleInputError,
  InvalidArgumentError,
  ClosedError,
  LimitsUnavailableError,
  RefusedError,
  DeniedError,
  ThrottledError,
  ApprovalRequiredError,
} = engine;
