package io.github.llmpolicyengine.kotlin

import java.io.ByteArrayOutputStream
import java.nio.file.Files
import java.nio.file.Path
import java.time.Instant
import java.util.Base64
import java.util.TreeMap
import kotlin.io.path.createParentDirectories
import kotlin.io.path.invariantSeparatorsPathString
import kotlin.io.path.readText
import kotlin.io.path.writeText
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.io.TempDir

/** The cases that every language runs: `conformance/README.md` says what they are. */
class ConformanceTest {
    @TempDir
    lateinit var folder: Path

    @TestFactory
    fun cases(): List<DynamicTest> {
        val cases = Policies.ROOT.resolve("conformance/cases")
        val files = Files.walk(cases).use { found -> found.filter { it.toString().endsWith(".json") }.sorted().toList() }
        assertTrue(files.size > 10, "there are cases")
        return files.map { file ->
            val name = cases.relativize(file).invariantSeparatorsPathString.removeSuffix(".json")
            DynamicTest.dynamicTest(name) {
                val test = Json.parseToJsonElement(file.readText()).jsonObject
                val results = Case(test, Files.createTempDirectory(folder, "case")).run()
                RESULTS[name] = results
                assertEquals(test.getValue("expect").texts(), results)
            }
        }
    }

    companion object {
        private val RESULTS = TreeMap<String, List<String>>()

        @AfterAll
        @JvmStatic
        fun write() {
            val results = JsonObject(RESULTS.mapValues { (_, texts) -> JsonArray(texts.map(::JsonPrimitive)) })
            Policies.ROOT.resolve("conformance/results/kotlin.json").createParentDirectories().writeText(results.toString())
        }
    }
}

private fun JsonElement.text(): String = jsonPrimitive.content

private fun JsonElement.texts(): List<String> = jsonArray.map { it.text() }

/** One case, and what a host holds in its course. */
private class Case(private val test: JsonObject, private val directory: Path) {
    private lateinit var engine: Engine
    private lateinit var prepared: Prepared
    private lateinit var exchange: Exchange
    private var hold = ""
    private var limits = "[]"
    private var redacted = ""

    fun run(): List<String> {
        val opened = outcome { engine = open() }
        if (opened != "ok") {
            return listOf(opened)
        }
        return test.getValue("steps").jsonArray.map { step(it.jsonObject) }
    }

    private fun open(): Engine {
        val handles = test["handles"]?.texts().orEmpty()
        val options = Options(handles, test["allow_without_policy"]?.jsonPrimitive?.boolean ?: false)
        val policies = texts(test.getValue("policies").jsonObject)
        val files = test["files"] ?: return Engine.load(policies, options)
        for ((name, text) in policies + texts(files.jsonObject)) {
            directory.resolve(name).createParentDirectories().writeText(text)
        }
        return Engine.open(test["path"]?.let { directory.resolve(it.text()) } ?: directory, options)
    }

    private fun texts(policies: JsonObject): Map<String, String> =
        policies.mapValues { (_, lines) -> lines.texts().joinToString("\n") }.toSortedMap()

    private fun step(step: JsonObject): String {
        fun now() = Instant.parse(step.getValue("now").text())
        fun stage() = stageNamed(step.getValue("stage").text())
        return when (val call = step.getValue("do").text()) {
            "evaluate" -> evaluate(step.getValue("context").jsonObject, ::stage, now())
            "body" -> decision {
                val (body, host) = bytes(step.getValue("body")) to bytes(step.getValue("host"))
                engine.evaluateBody(step.getValue("format").text(), body, host, stage(), now())
            }
            "prepare" -> outcome { prepared = engine.prepare(bytes(step.getValue("context"))) }
            "prepared" -> decision { engine.evaluate(prepared, stage(), now()) }
            "begin" -> outcome { exchange = engine.exchange(bytes(step.getValue("host"))) }
            "next" -> decision {
                val body = bytes(step.getValue("body"))
                val format = step["format"]?.text()
                if (format == null) exchange.evaluate(body, stage(), now()) else exchange.evaluateBody(format, body, stage(), now())
            }
            "resume" -> outcome { exchange = engine.resume(exchange.save()) }
            "take" -> {
                hold = ""
                limits = "[]"
                decision {
                    engine.evaluate(bytes(step.getValue("context")), stage(), now()).also {
                        hold = it.hold.orEmpty()
                        limits = it.limitsJson
                    }
                }
            }
            "dry_run" -> decision { engine.dryRun(bytes(step.getValue("context")), stage(), now()) }
            "limits" -> limits
            "settle" -> {
                val used = step["used"]?.let { bytes(it).decodeToString() }
                said { (if (inExchange(step)) exchange.settle(used) else engine.settle(hold, used!!)).name.lowercase() }
            }
            "release" -> said { (if (inExchange(step)) exchange.release() else engine.release(hold)).name.lowercase() }
            "extend" -> said { engine.extend(hold).name.lowercase() }
            "observe" -> {
                val said = bytes(step.getValue("outcome")).decodeToString()
                outcome { if (inExchange(step)) exchange.observe(said) else engine.observe(hold, said) }
            }
            "switch_off" -> outcome { engine.switchOff(step.getValue("breaker").text(), step.getValue("key").texts(), step.getValue("reason").text()) }
            "switch_on" -> outcome { engine.switchOn(step.getValue("breaker").text(), step.getValue("key").texts()) }
            "switches" -> said { engine.switches() }
            "scan" -> said { detector(step).use { it.scan(bytes(step.getValue("text")).decodeToString()).json } }
            "redact" -> said {
                val (format, stage) = "${step.getValue("form").text()}/".split("/")
                val text = bytes(step.getValue("text")).decodeToString()
                val style = step.getValue("style").text()
                detector(step).use { it.redact(text, style, format, stage.ifEmpty { null }?.let(::stageNamed)) }
            }
            "redact_body" -> said {
                redacted = exchange.redact(bytes(step.getValue("body")), step["format"]?.text())
                if (step["hide"]?.jsonPrimitive?.boolean == true) "ok" else redacted
            }
            "restore" -> said { exchange.restore(step["text"]?.let { bytes(it).decodeToString() } ?: redacted) }
            "stream" -> said { exchange.stream(step["format"]?.text(), now()).use { stream(it, step) } }
            "reload" -> outcome { engine.reload(texts(step.getValue("policies").jsonObject)) }
            "close" -> outcome { engine.close() }
            "panic" -> outcome { Engine.selfTestPanic() }
            else -> throw AssertionError("unknown step $call")
        }
    }

    /** By all ways that lead to the same. */
    private fun evaluate(context: JsonObject, stage: () -> Stage, now: Instant): String {
        val bytes = bytes(context)
        val results = mutableListOf(decision { engine.evaluate(bytes, stage(), now) })
        if ("base64" !in context) {
            results += decision { engine.evaluate(bytes.decodeToString(), stage(), now) }
        }
        try {
            engine.prepare(bytes).use { once -> results += decision { engine.evaluate(once, stage(), now) } }
        } catch (error: PolicyException) {
            assertTrue(results[0].startsWith(error.code), "`prepare` differs")
        }
        results.forEach { assertEquals(results[0], it, "two ways, two answers") }
        return results[0]
    }

    private fun detector(step: JsonObject) = Detector(bytes(step.getValue("options")).decodeToString())

    /** What comes through of a stream, and its decision. */
    private fun stream(stream: AnswerStream, step: JsonObject): String {
        val came = ByteArrayOutputStream()
        for (chunk in bytes(step.getValue("chunks")).asList().chunked(step.getValue("size").jsonPrimitive.int)) {
            val passed = try {
                stream.push(chunk.toByteArray())
            } catch (_: PolicyException) {
                break
            }
            came.write(passed.bytes)
            if (passed.stopped) break
        }
        val aborted = step["abort"]?.jsonPrimitive?.boolean ?: false
        val end = if (aborted) outcome { stream.abort() } else decision { stream.finish().also { came.write(it.bytes) }.decision }
        return "$came\n$end"
    }

    private fun decision(ask: () -> Decision): String =
        try {
            ask().canonicalJson
        } catch (error: PolicyException) {
            // The engine was closed, or the stage is none: nobody stands behind the deny.
            if (error.decision.bundle.isEmpty()) error.code else "${error.code} ${error.decision.canonicalJson}"
        }

    private fun inExchange(step: JsonObject) = step["exchange"]?.jsonPrimitive?.boolean ?: false

    private fun outcome(call: () -> Unit): String = said {
        call()
        "ok"
    }

    /** A text, or the error's code. */
    private fun said(call: () -> String): String =
        try {
            call()
        } catch (error: PolicyException) {
            error.code
        }

    private fun bytes(data: JsonElement): ByteArray {
        val (key, content) = data.jsonObject.entries.single()
        return when (key) {
            "value" -> content.toString().encodeToByteArray()
            "text" -> content.text().encodeToByteArray()
            "base64" -> Base64.getDecoder().decode(content.text())
            else -> buildString {
                for (part in content.jsonArray) {
                    val (text, times) = part.jsonArray
                    append(text.text().repeat(times.jsonPrimitive.int))
                }
            }.encodeToByteArray()
        }
    }
}
