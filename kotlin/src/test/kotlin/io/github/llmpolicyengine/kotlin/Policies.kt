package io.github.llmpolicyengine.kotlin

import java.nio.file.Files
import java.nio.file.Path

/** What several tests use. */
internal object Policies {
    /** The root of the project. */
    val ROOT: Path = Path.of(System.getProperty("root", ".."))

    val MODELS = """
        version: "1.0"
        metadata: {name: models}
        config: {default_action: allow}
        rules:
          - id: no-preview
            when: request.model.endsWith('-preview')
            actions:
              - deny: {reason: "{{ request.model }} is a preview", code: preview, public_message: Not for production.}
              - audit: {severity: high}
          - {id: slow, when: request.model == 'slow', actions: [{throttle: {delay_ms: 1500}}]}
          - {id: careful, when: request.model == 'careful', actions: [{warn: {message: mind the gap}}]}
          - {id: secret, when: request.model == 'secret', actions: [{redact: {fields: [request.prompt], detect: [secret]}}]}
          - {id: elsewhere, when: request.model == 'large', actions: [{route: {model: small}}]}
          - {id: answers, stages: [response], when: response.text.contains('!!!'), actions: [{deny: {reason: shouts}}]}
    """.trimIndent() + "\n"

    val BUDGET = """
        version: "1.0"
        metadata: {name: budget}
        config: {default_action: allow}
        limits:
          day: {kind: budget, key: user.id, amount: 5 USD, window: {fixed: 1d}}
    """.trimIndent() + "\n"

    val BREAKERS = """
        version: "1.0"
        metadata: {name: breakers}
        config: {default_action: allow}
        breakers: {model: {key: request.model, consecutive_failures: 1}}
    """.trimIndent() + "\n"

    const val PREVIEW = """{"request": {"model": "gpt-5-preview"}}"""

    fun models(vararg handles: String): Engine = Engine.load(mapOf("models.yaml" to MODELS), Options(handles.toList()))

    fun examples(): Engine = Engine.open(ROOT.resolve("examples/policies"))

    fun context(): ByteArray = Files.readAllBytes(ROOT.resolve("examples/contexts/allowed-developer.json"))

    /** A context of a request for this model. */
    fun model(name: String, more: String = ""): String = """{"request": {"model": "$name"$more}}"""
}
