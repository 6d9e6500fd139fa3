//! What a conversation takes out of texts, and puts back.

use std::sync::{Arc, Mutex, PoisonError};

use llm_policy_engine::detect::Scratch;
use llm_policy_engine::detect::redact::{Redactor, Restorer, Vault};
use llm_policy_engine::exchange;
use llm_policy_engine::input::Json;
use llm_policy_provider::{Body, Format};

use crate::error::{Error, ErrorCode};
use crate::exchange::Exchange;
use crate::guard::guarded;
use crate::random;

/// The conversation's redactor, which is made from random secrets when it is first wanted.
pub(crate) fn redactor(exchange: &mut exchange::Exchange) -> Result<Arc<Mutex<Redactor>>, Error> {
    let secrets = if exchange.has_redactor() { None } else { Some((random::secret()?, random::secret()?)) };
    let (key, seed) = secrets.unwrap_or_default();
    Ok(exchange.redactor(|scope| Redactor::new(key).with_vault(Vault::new(seed, scope))))
}

impl Exchange {
    /// Takes out of a body what the last decision of this exchange says, its `redact` actions: of a context in JSON, as it was given to
    /// [`Exchange::evaluate`], or of a provider's body in `format`. What comes out is of the same form; what is not taken out
    /// stays byte for byte. What is taken out in the style `reversible` can be put back by
    /// [`Exchange::restore`] and in the answer's [stream](Exchange::stream).
    ///
    /// ```
    /// use llm_policy_embed::{Documents, Format, Handles, Options, Question};
    ///
    /// let mut documents = Documents::new();
    /// let policy = "{version: '1.0', metadata: {name: a}, config: {default_action: allow}, rules: [{id: mail, \
    ///     when: \"contains_pii(request.text, ['email'])\", \
    ///     actions: [{redact: {fields: [request.text], detect: [email], style: reversible}}]}]}";
    /// documents.add_bytes(policy.as_bytes(), "a.yaml");
    /// let engine = documents.check(Options::default()).into_engine()?.handles(Handles::ALL);
    /// let exchange = engine.exchange(br#"{"user": {"id": "ann"}}"#)?;
    /// let body = br#"{"model": "m", "messages": [{"role": "user", "content": "I am ada@example.org"}]}"#;
    /// assert!(exchange.evaluate_body(Format::OpenaiChat, body, Question::default())?.allowed());
    /// let sent = exchange.redact(Some(Format::OpenaiChat), body)?;
    /// assert!(sent.contains("I am [EMAIL_"));
    /// assert_eq!(exchange.restore(&sent)?.as_bytes(), body);
    /// # Ok::<(), llm_policy_embed::Error>(())
    /// ```
    ///
    /// # Errors
    /// When nothing was decided yet in this process, or what was decided refuses the body; and when it is refused for its form.
    pub fn redact(&self, format: Option<Format>, body: &[u8]) -> Result<String, Error> {
        guarded(|| {
            let mut exchange = self.lock();
            let decision = exchange.last().cloned().filter(llm_policy_engine::Decision::allowed);
            let wrong = |message| Error::new(ErrorCode::InvalidArgument, message);
            let decision = decision.ok_or_else(|| {
                wrong("this exchange has decided nothing yet that allows a body: evaluate it first, here, then redact")
            })?;
            let redactor = redactor(&mut exchange)?;
            let mut redactor = redactor.lock().unwrap_or_else(PoisonError::into_inner);
            let text = |bytes: &[u8]| match std::str::from_utf8(bytes) {
                Ok(text) => Ok(text.to_owned()),
                Err(_) => Err(Error::new(ErrorCode::InvalidInput, "the body is not UTF-8")),
            };
            let Some(format) = format else {
                // Read as strictly as it is for a decision.
                Json::new(body).to_value()?;
                let text = text(body)?;
                let context = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
                let redacted = decision.redact_json(context, &mut redactor);
                let redacted = redacted.map_err(|error| Error::new(ErrorCode::InvalidInput, error.to_string()))?;
                return Ok(redacted.unwrap_or(text));
            };
            let mut scratch = Scratch::default();
            let mut redacted = body.to_vec();
            for redactions in decision.redactions() {
                let body = Body::new(format, decision.stage(), &redacted)?;
                redacted = body.redact(&redactions.rules, &redactions.scanner, &mut redactor, &mut scratch)?.bytes;
            }
            text(&redacted)
        })
    }

    /// Puts values back into a text of the model, where it wrote their placeholders, in whatever way of writing. Nothing is put
    /// into URLs and the targets of links, where a page could read it.
    ///
    /// # Errors
    /// None but for a bug of ours.
    pub fn restore(&self, text: &str) -> Result<String, Error> {
        guarded(|| {
            let mut exchange = self.lock();
            let redactor = redactor(&mut exchange)?;
            let redactor = redactor.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(redactor.vault().map_or_else(|| text.to_owned(), |vault| Restorer::new(vault).restore(text)))
        })
    }
}
