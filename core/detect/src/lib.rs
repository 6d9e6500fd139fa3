//! Text detectors: personal data, secrets and injection in what people and models write. Knows nothing of policies.
