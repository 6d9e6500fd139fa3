package chat

import com.sun.net.httpserver.HttpServer
import io.github.llmpolicyengine.kotlin.Engine
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse
import java.net.http.HttpResponse.BodyHandlers
import java.nio.file.Path
import java.util.concurrent.ExecutorService
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class ChatTest {
    private val engine = Engine.open(Path.of("policy.yaml"))
    private val server: HttpServer = serve(engine, 0)
    private val client = HttpClient.newHttpClient()

    @AfterEach
    fun stop() {
        server.stop(0)
        (server.executor as ExecutorService).shutdown()
        engine.close()
    }

    private fun post(user: String?, body: String): HttpResponse<String> {
        val request = HttpRequest.newBuilder(URI("http://127.0.0.1:${server.address.port}/v1/chat/completions"))
        user?.let { request.header("x-user", it) }
        return client.send(request.POST(BodyPublishers.ofString(body)).build(), BodyHandlers.ofString())
    }

    private fun chat(model: String, text: String) = """{"model": "$model", "messages": [{"role": "user", "content": "$text"}]}"""

    @Test
    fun anAnswerComesThrough() {
        val answer = post("ann", chat("gpt-5", "Hello!"))
        assertEquals(200, answer.statusCode())
        assertTrue("You said: Hello!" in answer.body(), answer.body())
    }

    @Test
    fun whatIsRefusedSaysOnlyWhatUsersMayRead() {
        assertEquals("""{"error":{"code":"sign_in","message":"Please sign in."}}""", post(null, chat("gpt-5", "Hello!")).body())
        val preview = post("ann", chat("gpt-5-preview", "Hello!"))
        assertEquals(403, preview.statusCode())
        assertEquals("""{"error":{"code":"preview_model","message":"This model is not for production."}}""", preview.body())
        assertTrue("\"secret\"" in post("ann", chat("gpt-5", "my key is AKIA" + "QWERTYUIOPASDFGH")).body())
        val leak = post("ann", chat("gpt-5", "leak"))
        assertTrue("secret_in_answer" in leak.body(), leak.body())
        assertFalse("AKIA" in leak.body(), leak.body())
        val nonsense = post("ann", "nonsense")
        assertEquals(400, nonsense.statusCode())
        assertEquals("""{"error":{"code":"invalid_input","message":"The request was refused."}}""", nonsense.body())
    }
}
