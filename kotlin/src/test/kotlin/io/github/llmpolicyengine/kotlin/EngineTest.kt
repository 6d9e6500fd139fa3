package io.github.llmpolicyengine.kotlin

import java.nio.file.Files
import java.nio.file.Path
import java.time.Instant
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.readText
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class EngineTest {
    @Test
    fun aDecisionSaysWhatAndWhy(): Unit = Policies.models().use { engine ->
        val decision = engine.evaluate(Policies.PREVIEW)
        assertEquals(Effect.DENY, decision.effect)
        assertFalse(decision.allowed)
        assertEquals(Stage.REQUEST, decision.stage)
        assertEquals("gpt-5-preview is a preview", decision.reason)
        assertEquals(listOf("preview", "Not for production."), listOf(decision.code, decision.publicMessage))
        assertEquals(listOf("default/models", "no-preview", null), listOf(decision.policy, decision.rule, decision.limit))
        assertEquals("audit", decision.obligations.single().action)
        assertTrue("high" in decision.obligations.single().paramsJson)
        assertEquals(decision, engine.evaluate(Policies.PREVIEW.encodeToByteArray()))
        assertEquals(engine.bundle, decision.bundle)
        assertTrue(decision.canonicalJson.startsWith("""{"allowed":false,"""))
    }

    @Test
    fun effectsWarningsAndRoutes(): Unit = Policies.models("redact", "route").use { engine ->
        val slow = engine.evaluate(Policies.model("slow"))
        assertEquals(Effect.THROTTLE to 1500uL, slow.effect to slow.retryAfterMs)
        assertEquals(listOf("mind the gap"), engine.evaluate(Policies.model("careful")).warnings)
        val secret = Policies.model("secret", """, "prompt": "hello"""")
        assertEquals("redact", engine.evaluate(secret).obligations.single().action)
        assertEquals(Route("small", null), engine.evaluate(Policies.model("large")).route)
        Policies.models().use { assertFalse(it.evaluate(secret).allowed, "nobody redacts") }
    }

    @Test
    fun filesStagesAndTimes(): Unit = Policies.examples().use { engine ->
        val now = Instant.parse("2026-06-01T12:00:00Z")
        val files = Policies.ROOT.resolve("examples/contexts").listDirectoryEntries("*.json")
        assertTrue(files.size > 10)
        for (file in files) {
            for (stage in Stage.entries) {
                val decision = engine.evaluate(Files.readAllBytes(file), stage, now)
                assertEquals(decision.canonicalJson, engine.evaluate(file.readText(), stage, now).canonicalJson, "$file")
                assertEquals(stage, decision.stage)
            }
        }
        assertEquals(Stage.TOOL_CALL, stageNamed("tool_call"))
        val error = assertThrows(PolicyException.InvalidArgument::class.java) { stageNamed("reqest") }
        assertTrue("the stages are request" in error.message!!)
        val late = assertThrows(PolicyException.InvalidArgument::class.java) { engine.evaluate("{}", now = Instant.MAX) }
        assertTrue("now" in late.message!!)
        assertFalse(late.decision.allowed)
    }

    @Test
    fun errorsSayWhatToDo() {
        val broken = mapOf("broken.yaml" to "version: '1.0'\nmetadata: {nmae: x}\nrules: []\n")
        val refused = assertThrows(PolicyException.InvalidPolicy::class.java) { Engine.load(broken) }
        val finding = refused.findings.first()
        assertEquals(listOf("broken.yaml", 2uL, 12uL, true), listOf(finding.file, finding.line, finding.column, finding.isError))
        assertTrue("broken.yaml:2:12" in refused.message!! && "did you mean `name`?" in refused.message!!, refused.message)
        val gone = assertThrows(PolicyException.UnreadableFile::class.java) { Engine.open(Path.of("no/such/place")) }
        assertEquals("`no/such/place` cannot be read: there is no such file or directory", gone.message)
        assertThrows(PolicyException.NoDocuments::class.java) { Engine.load(mapOf()) }
        val action = assertThrows(PolicyException.InvalidArgument::class.java) { Policies.models("rdact") }
        assertTrue("redact, set, route" in action.message!!)
        Policies.models().use { engine ->
            val error = assertThrows(PolicyException.InvalidInput::class.java) {
                engine.evaluate("""{"request": nonsense}""", Stage.TOOL_CALL)
            }
            assertEquals(listOf("invalid_input", 12uL), listOf(error.code, error.offset))
            assertEquals(listOf(Effect.DENY, Stage.TOOL_CALL, engine.bundle),
                listOf(error.decision.effect, error.decision.stage, error.decision.bundle))
        }
    }

    /** A Java string can hold what UTF-8 cannot; it must not become a question mark that no rule looks for. */
    @Test
    fun halfOfASurrogatePairIsADeny(): Unit = Policies.models().use { engine ->
        val text = "{\"a\": \"\uD800\"}"
        engine.exchange().use { exchange ->
            for (call in listOf<() -> Any>({ engine.evaluate(text, Stage.RESPONSE) }, { exchange.evaluate(text, Stage.RESPONSE) })) {
                val error = assertThrows(PolicyException.InvalidInput::class.java) { call() }
                assertEquals("half of a surrogate pair", error.message)
                assertEquals(Stage.RESPONSE to Effect.DENY, error.decision.stage to error.decision.effect)
            }
        }
        assertThrows(PolicyException.InvalidInput::class.java) { engine.exchange(text) }
        assertThrows(PolicyException.InvalidInput::class.java) { engine.resume(text) }
    }

    @Test
    fun reloadingChangesDecisionsInOneStepOrNothing(): Unit = Policies.models().use { engine ->
        val before = engine.bundle
        val prepared = engine.prepare(Policies.PREVIEW.encodeToByteArray())
        assertEquals("preview", engine.evaluate(prepared).code)
        assertThrows(PolicyException.InvalidPolicy::class.java) { engine.reload(mapOf("broken.yaml" to "nonsense")) }
        assertEquals(before, engine.bundle)
        val open = "{version: '1.0', metadata: {name: a}, rules: [{id: r, when: 'true', actions: [allow]}]}"
        assertEquals(listOf<Finding>(), engine.reload(mapOf("open.yaml" to open)))
        assertTrue(engine.evaluate(Policies.PREVIEW).allowed)
        val stale = assertThrows(PolicyException.StaleInput::class.java) { engine.evaluate(prepared) }
        assertFalse(stale.decision.allowed)
        engine.reload(Policies.ROOT.resolve("examples/policies"))
        assertNotEquals(before, engine.bundle)
    }

    @Test
    fun validatingReports() {
        val good = Engine.validate(Policies.ROOT.resolve("examples/policies"))
        assertTrue(good.valid && good.rules > 10uL)
        val bad = Engine.validate(mapOf("a.yaml" to Policies.MODELS.replace("request.model.ends", "request.modle.ends")))
        assertFalse(bad.valid)
        assertTrue(bad.findings.any { it.isError && it.line == 6uL }, "$bad")
        assertNull(bad.bundle)
    }

    @Test
    fun explainingAndProvidersBodies(): Unit = Policies.models().use { engine ->
        val body = """{"model": "gpt-5-preview", "messages": []}""".encodeToByteArray()
        assertEquals("preview", engine.evaluateBody("openai-chat", body).code)
        assertTrue("no-preview" in engine.explainBody("openai-chat", body))
        assertTrue("gpt-5-preview" in engine.explain(Policies.PREVIEW.encodeToByteArray()))
        val unknown = assertThrows(PolicyException.InvalidArgument::class.java) { engine.evaluateBody("openai-chta", body) }
        assertTrue("openai-chta" in unknown.message!!)
        assertThrows(PolicyException.InvalidInput::class.java) { engine.evaluateBody("openai-chat", ByteArray(0)) }
    }

    @Test
    fun anExchangeKeepsWhatWasSeen(): Unit = Policies.models().use { engine ->
        val state = engine.exchange("""{"user": {"id": "ann"}}""").use { exchange ->
            assertTrue(exchange.evaluate(Policies.model("gpt-5")).allowed)
            assertThrows(PolicyException.InvalidInput::class.java) { exchange.evaluate("""{"user": {"id": "eve"}}""") }
            assertFalse(exchange.evaluate("""{"response": {"text": "hi!!!"}}""", Stage.RESPONSE).allowed)
            val body = """{"model": "x-preview", "messages": []}""".encodeToByteArray()
            assertEquals("preview", exchange.evaluateBody("openai-chat", body).code)
            exchange.save()
        }
        engine.resume(state).use { assertFalse(it.evaluate("{}").allowed, "the model is still the preview") }
        assertThrows(PolicyException.InvalidInput::class.java) { engine.resume(state.drop(1)) }
    }

    @Test
    fun whatIsHeldIsSettledOnce(): Unit = Engine.load(mapOf("budget.yaml" to Policies.BUDGET)).use { engine ->
        val model = """{"model": "gpt-4o", "prompt": "Hello!", "max_tokens": 100}"""
        val request = """{"user": {"id": "ann"}, "request": $model}"""
        val used = """{"usage": {"input_tokens": 2, "output_tokens": 40}}"""
        val decision = engine.evaluate(request)
        assertTrue("budget" in decision.limitsJson)
        assertEquals(Closing.DONE, engine.extend(decision.hold!!))
        assertEquals(Closing.DONE, engine.settle(decision.hold!!, used))
        assertEquals(Closing.ALREADY_SETTLED, engine.settle(decision.hold!!, used))
        assertEquals(Closing.DONE, engine.release(engine.evaluate(request).hold!!))
        assertNull(engine.dryRun(request.encodeToByteArray()).hold)
        engine.exchange("""{"user": {"id": "ann"}}""").use { exchange ->
            assertTrue(exchange.evaluate("""{"request": $model}""").allowed)
            assertTrue(exchange.hold != null)
            assertEquals(Closing.DONE, exchange.settle(used))
            assertEquals(Closing.NOTHING, exchange.release())
        }
        assertThrows(PolicyException.InvalidArgument::class.java) { engine.settle("nonsense", used) }
        assertThrows(PolicyException.InvalidArgument::class.java) { engine.settle(decision.hold!!, """{"usgae": 1}""") }
    }

    @Test
    fun breakersAndSwitches(): Unit = Engine.load(mapOf("breakers.yaml" to Policies.BREAKERS)).use { engine ->
        engine.observe(engine.evaluate(Policies.model("gpt-4o")).hold!!, """{"outcome": "failure"}""")
        val decision = engine.evaluate(Policies.model("gpt-4o"))
        assertEquals("circuit_open" to "model", decision.code to decision.breaker)
        engine.switchOff("model", listOf("other"), "incident 12")
        assertEquals("switched_off", engine.evaluate(Policies.model("other")).code)
        assertTrue("incident 12" in engine.switches())
        engine.switchOn("model", listOf("other"))
        assertEquals("[]", engine.switches())
        val unknown = assertThrows(PolicyException.InvalidArgument::class.java) { engine.switchOff("modle", reason = "x") }
        assertTrue("modle" in unknown.message!!)
        assertThrows(PolicyException.InvalidArgument::class.java) {
            engine.switchOff("model", reason = "late", until = Instant.parse("2020-01-01T00:00:00Z"))
        }
        assertThrows(PolicyException.InvalidArgument::class.java) { engine.observe("nonsense", """{"outcome": "failure"}""") }
    }

    @Test
    fun whatAnEngineHasDone(): Unit = Policies.models().use { engine ->
        engine.auditStart(10u, "secret".encodeToByteArray())
        engine.evaluate(Policies.PREVIEW)
        assertThrows(PolicyException.InvalidInput::class.java) { engine.evaluate("nonsense") }
        val drained = engine.auditDrain()
        assertTrue("\"preview\"" in drained && "invalid_input" in drained && "\"input\"" in drained, drained)
        engine.auditStop()
        assertTrue("\"deny\":1" in engine.metrics(), engine.metrics())
        assertThrows(PolicyException.InvalidArgument::class.java) { engine.auditStart(0u) }
    }

    @Test
    fun aPanicIsAnErrorAndADeny() {
        val error = assertThrows(PolicyException.InternalError::class.java) { Engine.selfTestPanic() }
        assertEquals("internal_error" to Effect.DENY, error.code to error.decision.effect)
        Policies.models().use { assertFalse(it.evaluate(Policies.PREVIEW).allowed) }
    }
}
