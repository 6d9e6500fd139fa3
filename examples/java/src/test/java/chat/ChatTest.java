package chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

class ChatTest {
    private static ConfigurableApplicationContext service;

    @BeforeAll
    static void start() {
        service = SpringApplication.run(ChatApplication.class, "--server.port=0", "--spring.main.banner-mode=off");
    }

    @AfterAll
    static void stop() {
        service.close();
    }

    private static HttpResponse<String> post(String user, String body) throws Exception {
        String port = service.getEnvironment().getProperty("local.server.port");
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/v1/chat/completions"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body));
        if (user != null) {
            request.header("X-User", user);
        }
        return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static String chat(String model, String text) {
        return "{\"model\": \"" + model + "\", \"messages\": [{\"role\": \"user\", \"content\": \"" + text + "\"}]}";
    }

    @Test
    void whatIsAllowedIsAnswered() throws Exception {
        HttpResponse<String> answer = post("ann", chat("gpt-5", "hello"));
        assertEquals(200, answer.statusCode(), answer.body());
        assertTrue(answer.body().contains("You said: hello"), answer.body());
    }

    @Test
    void refusedRequestsNeverReachTheModel() throws Exception {
        HttpResponse<String> preview = post("ann", chat("gpt-5-preview", "hello"));
        assertEquals(403, preview.statusCode());
        assertEquals("{\"error\":{\"code\":\"preview_model\",\"message\":\"This model is not for production.\"}}",
                preview.body());
        assertTrue(post("ann", chat("gpt-5", "my key is AKIA" + "QWERTYUIOPASDFGH")).body().contains("\"secret\""));
        assertTrue(post(null, chat("gpt-5", "hello")).body().contains("\"sign_in\""));
        assertEquals(400, post("ann", "no json").statusCode());
        assertEquals(400, post("ann", "{\"model\": \"gpt-5\", \"model\": \"gpt-5-preview\"}").statusCode());
    }

    @Test
    void refusedAnswersNeverLeave() throws Exception {
        HttpResponse<String> answer = post("ann", chat("gpt-5", "leak"));
        assertEquals(403, answer.statusCode());
        assertTrue(answer.body().contains("secret_in_answer"), answer.body());
        assertFalse(answer.body().contains("AKIA"), answer.body());
    }
}
