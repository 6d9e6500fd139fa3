use llm_policy_cel::types::Type;

use super::*;

#[test]
fn the_table_is_sorted_and_whole() {
    assert!(FIELDS.windows(2).all(|pair| pair[0].path < pair[1].path));
    for field in FIELDS {
        if let Some((above, _)) = field.path.rsplit_once('.') {
            let parent = super::field(above.trim_end_matches("[]")).unwrap();
            assert!(parent.stages.contains_all(field.stages), "{}", field.path);
            assert!(children(parent.path).any(|child| child == field), "{}", field.path);
        }
    }
    let counted = roots().count() + FIELDS.iter().map(|field| children(field.path).count()).sum::<usize>();
    assert_eq!(counted, FIELDS.len());
}

#[test]
fn only_records_have_children() {
    for field in FIELDS {
        let record = matches!(field.field_type, FieldType::Object(_) | FieldType::ObjectList(_));
        assert_eq!(children(field.path).next().is_some(), record, "{}", field.path);
    }
}

#[test]
fn fields_are_found_by_path() {
    assert_eq!(field("user.id").unwrap().source, Source::Identity);
    assert_eq!(field("request.messages[].text").unwrap().name(), "text");
    assert!(field("request.messages[].text").unwrap().content);
    assert_eq!(field("request.text").unwrap().source, Source::Engine);
    assert_eq!(field("tool.result").unwrap().stages, Stages::of(&[Stage::ToolResult]));
    assert_eq!(field("user.budget.reset_at").unwrap().field_type.slot_type(), SlotType::Timestamp);
    assert!(field("user.nickname").is_none() && field("").is_none() && field("user.").is_none());
}

#[test]
fn cel_types() {
    let Type::Object(user) = field("user").unwrap().cel_type() else { panic!() };
    assert_eq!(&*user.name, "user");
    assert_eq!(user.field("roles"), Some(&Type::list(Type::String)));
    assert_eq!(user.field("attributes"), Some(&Type::map(Type::String, Type::Dyn)));
    let Some(Type::Object(budget)) = user.field("budget") else { panic!() };
    assert_eq!(budget.field("remaining"), Some(&Type::Double));
    let Type::Object(request) = field("request").unwrap().cel_type() else { panic!() };
    let Some(Type::List(message)) = request.field("messages") else { panic!() };
    assert!(matches!(&**message, Type::Object(m) if m.field("text") == Some(&Type::String)));
    assert_eq!(field("now").unwrap().cel_type(), Type::Timestamp);
}

#[test]
fn a_template_sees_no_content() {
    let content: Vec<&str> = FIELDS.iter().filter(|f| f.content).map(|f| f.path).collect();
    for path in [
        "request.prompt",
        "request.system_prompt",
        "request.messages",
        "request.text",
        "request.user_text",
        "request.tool_text",
        "tool.arguments",
        "tool.result",
        "response.text",
        "response.tool_calls",
        "response.tool_calls[].arguments",
    ] {
        assert!(content.contains(&path), "{path}");
    }
    assert!(FIELDS.iter().all(|f| !(f.content && matches!(f.source, Source::Identity | Source::Fact))));
}

#[test]
fn stage_names() {
    for stage in Stage::ALL {
        assert_eq!(stage.to_string().parse(), Ok(stage));
    }
    assert_eq!("ToolCall".parse::<Stage>(), Err(UnknownStage));
    let some: Stages = [Stage::ToolCall, Stage::Request].into_iter().collect();
    assert_eq!(some.to_string(), "request, tool_call");
    assert_eq!(format!("{some:?}"), "{Request, ToolCall}");
    assert!(Stages::ALL.contains_all(some) && !some.contains_all(Stages::ALL));
    assert_eq!(some.intersection(Stages::of(&[Stage::Request])).iter().count(), 1);
}
