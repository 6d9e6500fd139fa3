package io.github.llmpolicyengine.kotlin

import java.io.ByteArrayOutputStream
import java.nio.file.Path
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Texts: what is found, taken out, put back; and as they stream. */
class TextsTest {
    private val mail = """
        version: "1.0"
        metadata: {name: mail}
        config: {default_action: allow, stages: [request, response]}
        rules:
          - id: question
            when: contains_pii(request.text, ['email'])
            actions: [{redact: {fields: [request.text], detect: [email], style: reversible}}]
          - id: answer
            stages: [response]
            when: contains_pii(response.text, ['email'])
            actions: [{redact: {fields: [response.text], detect: [email], style: label}}]
          - {id: key, stages: [response], when: contains_secret(response.text), actions: [{deny: {code: secret}}]}
    """.trimIndent() + "\n"

    private fun guarded(): Engine = Engine.load(mapOf("mail.yaml" to mail), Options(listOf("redact")))

    @Test
    fun aDetectorFindsAndTakesOut(): Unit = Detector("""{"families": ["pii"], "allow": ["info@example.org"]}""").use { detector ->
        val text = "Grüße 👋 an ada@example.org oder info@example.org"
        val scan = detector.scan(text)
        val found = scan.findings.single()
        assertEquals(listOf("pii", "email"), listOf(found.family, found.kind))
        assertEquals("ada@example.org", text.substring(found.utf16.start, found.utf16.end))
        assertEquals("ada@example.org", text.encodeToByteArray().decodeToString(found.bytes.start, found.bytes.end))
        assertEquals(Span(11, 26), found.chars)
        assertTrue(found.score > 0.5 && found.score <= 1.0, "$found")
        assertEquals(listOf(true, text.encodeToByteArray().size.toULong(), 0uL), listOf(scan.complete, scan.scanned, scan.beyond))
        assertFalse("ada" in scan.json)
        assertEquals("Grüße 👋 an [EMAIL] oder info@example.org", detector.redact(text))
        assertEquals("an [EMAIL_1]", detector.redact("an ada@example.org", "placeholder"))
        assertEquals("""{"a":"[EMAIL]"}""", detector.redact("""{"a":"ada@example.org"}""", format = "json"))
        val answer = """{"object": "chat.completion", "choices": [{"message": {"content": "ada@example.org"}}]}"""
        assertEquals(answer.replace("ada@example.org", "[EMAIL]"), detector.redact(answer, format = "openai-chat", stage = Stage.RESPONSE))
    }

    @Test
    fun wrongOptionsAndTextsAreRefused() {
        val unknown = assertThrows(PolicyException.InvalidArgument::class.java) { Detector("""{"familys": []}""") }
        assertTrue("familys" in unknown.message!!, unknown.message)
        assertThrows(PolicyException.InvalidInput::class.java) { Detector("nonsense") }
        Detector().use { detector ->
            val style = assertThrows(PolicyException.InvalidArgument::class.java) { detector.redact("a", "reversible") }
            assertTrue("an exchange redacts reversibly" in style.message!!, style.message)
            assertThrows(PolicyException.InvalidArgument::class.java) { detector.redact("a", format = "opnai") }
            val half = assertThrows(PolicyException.InvalidInput::class.java) { detector.scan("\uD800") }
            assertEquals("half of a surrogate pair", half.message)
            guarded().use { engine -> engine.exchange().use { assertThrows(PolicyException.InvalidInput::class.java) { it.restore("\uD800") } } }
        }
    }

    @Test
    fun anExchangeTakesOutAndPutsBack(): Unit = guarded().use { engine ->
        engine.exchange("""{"user": {"id": "ann"}}""").use { exchange ->
            val body = """{"model": "m", "messages": [{"role": "user", "content": "I am ada@example.org"}]}"""
            assertThrows(PolicyException.InvalidArgument::class.java) { exchange.redact(body, "openai-chat") }
            assertTrue(exchange.evaluateBody("openai-chat", body.encodeToByteArray()).allowed)
            val sent = exchange.redact(body, "openai-chat")
            assertEquals(sent, exchange.redact(body.encodeToByteArray(), "openai-chat"))
            val placeholder = Regex("""\[EMAIL_\w+]""").find(sent)!!.value
            assertEquals(body.replace("ada@example.org", placeholder), sent)
            assertEquals("Dear ada@example.org!", exchange.restore("Dear $placeholder!"))
            engine.resume(exchange.save()).use { assertEquals("ada@example.org", it.restore(placeholder)) }
        }
    }

    private fun streamed(engine: Engine, answer: ByteArray, size: Int, format: String? = null): Pair<String, Decision> {
        val came = ByteArrayOutputStream()
        val end = engine.exchange("{}").use { it.stream(format) }.use { stream ->
            for (at in answer.indices step size) {
                val passed = stream.push(answer.copyOfRange(at, minOf(at + size, answer.size)))
                came.write(passed.bytes)
                if (passed.stopped) break
            }
            val end = stream.finish()
            stream.abort()
            assertEquals(end.decision, stream.finish().decision)
            assertArrayEquals(ByteArray(0), stream.finish().bytes)
            end
        }
        came.write(end.bytes)
        return came.toString() to end.decision
    }

    @Test
    fun anAnswerStreams(): Unit = guarded().use { engine ->
        val answer = "Grüße 👋, write to ada@example.org, please.".encodeToByteArray()
        for (size in 1..answer.size) {
            val (came, decision) = streamed(engine, answer, size)
            assertEquals("Grüße 👋, write to [EMAIL], please." to true, came to decision.allowed, "$size bytes at once")
        }
        val (came, decision) = streamed(engine, ("It is AKIA" + "QWERTYUIOPASDFGH, and more").encodeToByteArray(), 5)
        assertEquals("secret", decision.code)
        assertFalse("QWERTY" in came || "more" in came, came)
        val events = """data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"ada@example.org"}}]}""" +
            "\n\ndata: [DONE]\n\n"
        val (sent, _) = streamed(engine, events.encodeToByteArray(), 7, "openai-chat")
        assertTrue("[EMAIL]" in sent && "ada" !in sent && "[DONE]" in sent, sent)
        engine.exchange().use { assertThrows(PolicyException.InvalidArgument::class.java) { it.stream("gemini") } }
        engine.exchange().use { exchange ->
            val stream = exchange.stream("openai-chat")
            val garbage = assertThrows(PolicyException::class.java) {
                stream.push("data: {nonsense\n\n".encodeToByteArray())
                stream.finish()
            }
            assertFalse(garbage.decision.allowed)
        }
    }

    /** What is held is closed with what was counted, or with what the answer says; and the books can be a file that engines share. */
    @Test
    fun whatCameIsSettled(@TempDir folder: Path) {
        val options = Options(store = "sqlite:${folder.resolve("limits.db")}")
        val tokens = mapOf("day.yaml" to Policies.BUDGET.replace("kind: budget", "kind: quota").replace("5 USD", "1000"))
        val who = """{"user": {"id": "ann"}}"""
        val question = """{"request": {"model": "gpt-4o", "prompt": "Hello!", "max_tokens": 100}}"""
        fun used(engine: Engine): Int = Regex(""""used":(\d+)""").find(engine.dryRun("""{"user": {"id": "ann"}, "request": {"model": "gpt-4o", "max_tokens": 0}}""".encodeToByteArray()).limitsJson)!!.groupValues[1].toInt()
        Engine.load(tokens, options).use { one ->
            Engine.load(tokens, options).use { other ->
                one.exchange(who).use { exchange ->
                    assertTrue(exchange.evaluate(question).allowed)
                    val answer = """{"object": "chat.completion", "model": "gpt-4o", "choices": [], "usage": {"prompt_tokens": 2, "completion_tokens": 40}}"""
                    assertThrows(PolicyException.InvalidInput::class.java) { exchange.settleBody("openai-chat", "nonsense".encodeToByteArray()) }
                    assertEquals(Closing.DONE, exchange.settleBody("openai-chat", answer.encodeToByteArray()))
                    assertEquals(Closing.NOTHING, exchange.settleBody("openai-chat", answer.encodeToByteArray()))
                }
                assertEquals(42, used(other))
                other.exchange(who).use { exchange ->
                    assertTrue(exchange.evaluate(question).allowed)
                    exchange.stream().use { stream ->
                        stream.push("One two three four five six.".encodeToByteArray())
                        stream.abort()
                    }
                    assertEquals(Closing.DONE, exchange.settle())
                }
                assertTrue(used(one) in 43..80, "${used(one)}")
            }
        }
        val gone = Options(store = "sqlite:${folder.resolve("no/such/limits.db")}")
        assertThrows(PolicyException.LimitsUnavailable::class.java) { Engine.load(tokens, gone) }
        assertThrows(PolicyException.InvalidArgument::class.java) { Engine.load(tokens, Options(store = "nonsense")) }
    }
}
