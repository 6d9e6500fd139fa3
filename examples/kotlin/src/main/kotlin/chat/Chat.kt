package chat

import com.sun.net.httpserver.HttpExchange
import com.sun.net.httpserver.HttpServer
import io.github.llmpolicyengine.kotlin.Decision
import io.github.llmpolicyengine.kotlin.Engine
import io.github.llmpolicyengine.kotlin.PolicyException
import io.github.llmpolicyengine.kotlin.Stage
import java.net.InetSocketAddress
import java.nio.file.Path
import java.util.concurrent.Executors
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.addJsonObject
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonArray
import kotlinx.serialization.json.putJsonObject

private const val FORMAT = "openai-chat"

/** A model of our own: it says the last message again, and lets out a key when it is told to. */
fun model(message: String): String = if (message == "leak") "the key is AKIA" + "QWERTYUIOPASDFGH" else "You said: $message"

/**
 * A chat endpoint that speaks the format of OpenAI's chat completions, guarded before and after its model. Who asks is what the proxy in
 * front says in a header of its own, never what a body says.
 */
class Chat(private val engine: Engine) {
    fun handle(http: HttpExchange): Unit = http.use {
        val (status, body) = answer(http.requestHeaders.getFirst("x-user").orEmpty(), http.requestBody.readAllBytes())
        http.responseHeaders.set("content-type", "application/json")
        http.sendResponseHeaders(status, body.size.toLong())
        http.responseBody.write(body)
    }

    private fun answer(user: String, body: ByteArray): Pair<Int, ByteArray> {
        val who = buildJsonObject { putJsonObject("user") { put("id", user) } }
        try {
            engine.exchange(who.toString()).use { exchange ->
                val before = exchange.evaluateBody(FORMAT, body)
                if (!before.allowed) return refused(403, before)
                val request = Json.parseToJsonElement(body.decodeToString()).jsonObject
                val message = request.getValue("messages").jsonArray.last().jsonObject.getValue("content").jsonPrimitive.content
                val answer = buildJsonObject {
                    put("object", "chat.completion")
                    put("model", request.getValue("model"))
                    putJsonArray("choices") {
                        addJsonObject {
                            put("index", 0)
                            put("finish_reason", "stop")
                            putJsonObject("message") {
                                put("role", "assistant")
                                put("content", model(message))
                            }
                        }
                    }
                }.toString().encodeToByteArray()
                val after = exchange.evaluateBody(FORMAT, answer, Stage.RESPONSE)
                return if (after.allowed) 200 to answer else refused(403, after)
            }
        } catch (error: PolicyException) {
            return refused(400, error.decision)
        }
    }

    /** What may go to end users, and nothing else. */
    private fun refused(status: Int, decision: Decision): Pair<Int, ByteArray> = status to buildJsonObject {
        putJsonObject("error") {
            put("code", decision.code)
            put("message", decision.publicMessage ?: "The request was refused.")
        }
    }.toString().encodeToByteArray()
}

/** Serves on this machine; port 0 is any that is free. */
fun serve(engine: Engine, port: Int): HttpServer = HttpServer.create(InetSocketAddress("127.0.0.1", port), 0).apply {
    executor = Executors.newFixedThreadPool(4)
    createContext("/v1/chat/completions", Chat(engine)::handle)
    start()
}

fun main() {
    val server = serve(Engine.open(Path.of("policy.yaml")), 8080)
    println("listening at http://127.0.0.1:${server.address.port}/v1/chat/completions")
}

private inline fun HttpExchange.use(work: () -> Unit) = try {
    work()
} finally {
    close()
}
