package chat;

import io.github.llmpolicyengine.Engine;
import io.github.llmpolicyengine.Format;
import io.github.llmpolicyengine.PolicyException;
import io.github.llmpolicyengine.servlet.PolicyFilter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;

/** A chat service whose requests and answers are decided about by policies. */
@SpringBootApplication
public class ChatApplication {
    private static final Logger LOG = LoggerFactory.getLogger(ChatApplication.class);

    public static void main(String[] arguments) {
        SpringApplication.run(ChatApplication.class, arguments);
    }

    /** Spring closes it at the end. */
    @Bean
    Engine engine(@Value("${policies:policy.yaml}") Path policies) throws PolicyException {
        return Engine.open(policies);
    }

    @Bean
    FilterRegistrationBean<PolicyFilter> guard(Engine engine) {
        // A real service takes the user from the token that it has checked.
        PolicyFilter filter = new PolicyFilter(
                engine,
                Format.OPENAI_CHAT,
                request -> Map.of("user", Map.of("id", Objects.requireNonNullElse(request.getHeader("X-User"), ""))),
                (stage, decision, error) -> LOG.info("{} {}: {}", stage, decision.effect(), decision.reason()),
                PolicyFilter.MAX_BYTES);
        FilterRegistrationBean<PolicyFilter> registration = new FilterRegistrationBean<>(filter);
        registration.addUrlPatterns("/v1/chat/completions");
        return registration;
    }
}
