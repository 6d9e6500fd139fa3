package chat;

import java.util.List;
import java.util.Map;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** The endpoint: a model that runs here and says what it was told. */
@RestController
class ChatController {
    record Message(String role, String content) {}

    record Request(String model, List<Message> messages) {}

    @PostMapping("/v1/chat/completions")
    Map<String, Object> complete(@RequestBody Request request) {
        String last = request.messages().get(request.messages().size() - 1).content();
        // Told to, it says what no answer should hold.
        String text = last.equals("leak") ? "the key is AKIA" + "QWERTYUIOPASDFGH" : "You said: " + last;
        return Map.of(
                "id", "chatcmpl-1",
                "object", "chat.completion",
                "created", 1_780_000_000,
                "model", request.model(),
                "choices", List.of(Map.of(
                        "index", 0,
                        "message", Map.of("role", "assistant", "content", text),
                        "finish_reason", "stop")),
                "usage", Map.of("prompt_tokens", 5, "completion_tokens", 5, "total_tokens", 10));
    }
}
