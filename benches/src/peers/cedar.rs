//! `cedar-policy` 4.14: a policy set, no entities but the request's own, everything else in the context.

use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet, Request,
    Response, RestrictedExpression,
};

use crate::contender::{Contender, Entrant, Outcome, Plan, Result, Verdict};
use crate::dialect::cedar::{DEFAULT, MODEL_TYPE, USER, can_say, policy, size_name};
use crate::json::{FromJson, members};
use crate::request::{MODEL, PROMPT, ROLES, TAGS, USER_ID};
use crate::rule::Field;

/// The entry.
pub const ENTRANT: Entrant = Entrant {
    name: "cedar 4.14",
    notes: "equalities on `user.id` and `request.model` are scope constraints; a regex becomes `like`, or the rule is \
            left out; a rule that loops over a list is left out; sizes are attributes that the host adds; fractions \
            are `decimal`s",
    plan: |workload| {
        let left_out = workload.rules.iter().enumerate().filter(|(_, rule)| !can_say(rule));
        let left_out = left_out.map(|(index, _)| index).collect();
        let said = workload.rules.iter().filter(|rule| can_say(rule));
        let mut policies: Vec<(String, String)> = said.map(|rule| (rule.id.clone(), policy(rule))).collect();
        policies.push((DEFAULT.to_owned(), "permit(principal, action, resource);".to_owned()));
        let load = move || {
            let mut set = PolicySet::new();
            for (id, source) in &policies {
                let policy = Policy::parse(Some(PolicyId::new(id)), source)?;
                set.add(policy)?;
            }
            let types = Types { user: USER.parse()?, model: MODEL_TYPE.parse()? };
            let action = EntityUid::from_str("Action::\"invoke\"")?;
            let (entities, authorizer) = (Entities::empty(), Authorizer::new());
            let cedar = Cedar { set, entities, authorizer, types, action, request: None, response: None };
            Ok(Box::new(cedar) as Box<dyn Contender>)
        };
        Plan { left_out, load: Box::new(load) }
    },
};

struct Cedar {
    set: PolicySet,
    entities: Entities,
    authorizer: Authorizer,
    types: Types,
    action: EntityUid,
    request: Option<Request>,
    response: Option<Response>,
}

struct Types {
    user: EntityTypeName,
    model: EntityTypeName,
}

impl Cedar {
    /// The request with its context; the principal, the resource and the sizes are read from it on the way.
    fn request(&self, json: &[u8]) -> Result<Request> {
        let members = Attribute::Record(members(json)?);
        let uid = |kind: &EntityTypeName, field| match members.at(field) {
            Some(Attribute::Text(id)) => Ok(EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))),
            _ => Err(format!("{} is no text", field.path)),
        };
        let principal = uid(&self.types.user, USER_ID)?;
        let resource = uid(&self.types.model, MODEL)?;
        let sizes = [PROMPT, ROLES, TAGS].map(|field| {
            let size = members.at(field).map_or(0, Attribute::size);
            (size_name(field), RestrictedExpression::new_long(size))
        });
        let sizes = RestrictedExpression::new_record(sizes)?;
        let Attribute::Record(members) = members else { return Err("the request is no object".into()) };
        let mut context = Vec::with_capacity(members.len() + 1);
        for (name, value) in members {
            context.push((name, value.into_expression()?));
        }
        context.push(("sizes".to_owned(), sizes));
        Ok(Request::new(principal, self.action.clone(), resource, Context::from_pairs(context)?, None)?)
    }

    fn evaluate(&mut self, request: &Request) -> Outcome {
        let response = self.authorizer.is_authorized(request, &self.set, &self.entities);
        let denied = response.decision() == Decision::Deny;
        // Without a forbid, the reasons are the permits, of which one is the default.
        let deciding = response.diagnostics().reason().count() - usize::from(!denied);
        self.response = Some(response);
        Outcome { denied, deciding }
    }
}

impl Contender for Cedar {
    fn prepare(&mut self, json: &[u8]) -> Result<()> {
        self.request = Some(self.request(json)?);
        Ok(())
    }

    fn evaluate_prepared(&mut self) -> Outcome {
        let request = self.request.take().expect("prepared");
        let outcome = self.evaluate(&request);
        self.request = Some(request);
        outcome
    }

    fn evaluate_json(&mut self, json: &[u8]) -> Outcome {
        let request = self.request(json).expect("the request is valid");
        self.evaluate(&request)
    }

    fn verdict(&self) -> Verdict {
        let response = self.response.as_ref().expect("evaluated");
        assert_eq!(response.diagnostics().errors().count(), 0, "no policy fails");
        let ids = response.diagnostics().reason().map(ToString::to_string).filter(|id| id != DEFAULT).collect();
        match response.decision() {
            Decision::Deny => Verdict::new(ids, Vec::new()),
            Decision::Allow => Verdict::new(Vec::new(), ids),
        }
    }
}

/// A value of the request, on its way from JSON to Cedar.
enum Attribute {
    Text(String),
    List(Vec<Attribute>),
    Record(Vec<(String, Attribute)>),
    Other(RestrictedExpression),
}

impl Attribute {
    fn at(&self, field: Field) -> Option<&Self> {
        field.path.split('.').try_fold(self, |at, name| match at {
            Self::Record(members) => members.iter().find(|(member, _)| member == name).map(|(_, value)| value),
            _ => None,
        })
    }

    fn size(&self) -> i64 {
        match self {
            Self::Text(text) => text.chars().count() as i64,
            Self::List(items) => items.len() as i64,
            Self::Record(_) | Self::Other(_) => 0,
        }
    }

    fn into_expression(self) -> Result<RestrictedExpression> {
        Ok(match self {
            Self::Text(text) => RestrictedExpression::new_string(text),
            Self::List(items) => {
                let items = items.into_iter().map(Self::into_expression).collect::<Result<Vec<_>>>()?;
                RestrictedExpression::new_set(items)
            }
            Self::Record(members) => {
                let members = members.into_iter().map(|(name, value)| Ok((name, value.into_expression()?)));
                RestrictedExpression::new_record(members.collect::<Result<Vec<_>>>()?)?
            }
            Self::Other(expression) => expression,
        })
    }
}

impl FromJson for Attribute {
    type Object = Vec<(String, Self)>;

    fn flag(flag: bool) -> Self {
        Self::Other(RestrictedExpression::new_bool(flag))
    }

    fn integer(number: i64) -> Self {
        Self::Other(RestrictedExpression::new_long(number))
    }

    fn decimal(number: f64) -> Self {
        Self::Other(RestrictedExpression::new_decimal(format!("{number:.4}")))
    }

    fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    fn list(items: Vec<Self>) -> Self {
        Self::List(items)
    }

    fn insert(object: &mut Self::Object, name: &str, value: Self) {
        object.push((name.to_owned(), value));
    }

    fn object(object: Self::Object) -> Self {
        Self::Record(object)
    }
}
