//! From limits to takes, and from balances back to standings.

use smallvec::SmallVec;

use super::{Admission, Demand, Error, Refusal, Request, Standing};
use crate::book::{Marks, reached};
use crate::limit::{Action, Consistency, Kind, Limit, OnExpiry, Space};
use crate::reservation::{Reservation, Reserved};
use crate::store::{Account, Answer, Balance, MAX_TAKES, Take};
use crate::time::Time;
use crate::units::MAX_UNITS;
use crate::window::Period;

/// The takes of a request: one for each demand, in their order, and behind them one for each `max_open`.
pub(super) struct Plan<'a> {
    pub(super) takes: SmallVec<[Take<'a>; 4]>,
    /// For each take behind the demands, the demand that it belongs to.
    open: SmallVec<[usize; 2]>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(request: &Request<'a>, at: Time) -> Result<Self, Error> {
        let mut plan = Self { takes: SmallVec::new(), open: SmallVec::new() };
        for demand in request.demands {
            plan.takes.push(take(demand, request.agreed, at)?);
        }
        for (number, demand) in request.demands.iter().enumerate() {
            let Some(max_open) = demand.limit.max_open() else { continue };
            plan.takes.push(open_reservations(demand.limit, request, max_open));
            plan.open.push(number);
        }
        if plan.takes.len() > MAX_TAKES { Err(Error::TooMany) } else { Ok(plan) }
    }

    /// The answer when no limit applies.
    pub(super) fn empty(&self, request: &Request<'_>, at: Time) -> Admission {
        let expires = at.plus(request.lease);
        Admission { at, result: Ok(self.reservation(request, 0, expires)), standings: SmallVec::new() }
    }

    pub(super) fn read(&self, request: &Request<'_>, answer: &Answer) -> Admission {
        let standing = |((demand, take), balance): ((&Demand<'_>, &Take<'_>), &Balance)| Standing {
            capacity: demand.limit.window().capacity(demand.amount),
            balance: *balance,
            reached: reached(&take.marks, balance.after),
            first: balance.first,
            resets: match take.account.period {
                Period::Interval { end, .. } => Some(end),
                _ => None,
            },
        };
        let standings = request.demands.iter().zip(&self.takes).zip(&answer.balances).map(standing).collect();
        let result = match self.refusal(request, answer) {
            Some(refusal) => Err(refusal),
            None => Ok(self.reservation(request, answer.taken, answer.expires)),
        };
        Admission { at: answer.at, result, standings }
    }

    fn reservation(&self, request: &Request<'_>, taken: u64, expires: Time) -> Reservation {
        let taken = self.takes.iter().enumerate().filter(|(number, _)| taken >> number & 1 == 1);
        let entries = taken.filter_map(|(number, take)| {
            let demand = self.demand_of(number, request);
            Some(Reserved {
                demand,
                space: take.account.space,
                kind: take.account.kind,
                limit: request.demands.get(demand)?.limit.name().clone(),
                key: take.account.key.clone(),
                period: take.account.period,
                cost: take.cost,
            })
        });
        Reservation { id: request.id, digest: request.digest, expires, entries: entries.collect() }
    }

    fn demand_of(&self, take: usize, request: &Request<'_>) -> usize {
        match take.checked_sub(request.demands.len()) {
            Some(open) => self.open.get(open).copied().unwrap_or(take),
            None => take,
        }
    }

    /// The strongest refusal of the live accounts that have no room.
    fn refusal(&self, request: &Request<'_>, answer: &Answer) -> Option<Refusal> {
        let mut refusal: Option<Refusal> = None;
        let refused = |take: &Take<'_>, fits: bool| take.account.space == Space::Live && !fits;
        for (number, (take, balance)) in self.takes.iter().zip(&answer.balances).enumerate() {
            if !refused(take, balance.fits) {
                continue;
            }
            let demand = self.demand_of(number, request);
            let open = take.account.kind == Kind::Open;
            let action = if open {
                Action::Throttle
            } else {
                request.demands.get(demand).map_or(Action::Deny, |demand| {
                    strongest(demand.limit, demand.amount, balance.after, request.agreed)
                })
            };
            refusal = Some(match refusal {
                None => Refusal { action, demand, retry_after: balance.wait, open },
                Some(other) => {
                    // All must have room: the longest wait counts, and one that is not known makes all unknown.
                    let retry_after = other.retry_after.zip(balance.wait).map(|(a, b)| a.max(b));
                    if action > other.action {
                        Refusal { action, demand, retry_after, open }
                    } else {
                        Refusal { retry_after, ..other }
                    }
                }
            });
        }
        refusal
    }
}

/// The strongest blocking action that a use passes.
fn strongest(limit: &Limit, amount: u64, used: u64, agreed: bool) -> Action {
    let blocks = limit.steps().iter().filter(|step| step.action.blocks() && !(agreed && step.action == Action::Ask));
    // What passes no step was refused because a sum does not fit.
    blocks.filter(|step| limit.mark(step, amount) <= used).map(|step| step.action).max().unwrap_or(Action::Deny)
}

fn take<'a>(demand: &Demand<'a>, agreed: bool, at: Time) -> Result<Take<'a>, Error> {
    let Demand { limit, key, amount, cost } = *demand;
    if amount > MAX_UNITS {
        return Err(Error::Amount);
    }
    if cost > MAX_UNITS {
        return Err(Error::Cost);
    }
    Ok(Take {
        account: Account {
            space: limit.space(),
            kind: limit.kind(),
            limit: limit.name(),
            key,
            period: limit.period(at).map_err(Error::Time)?,
        },
        cost,
        ceiling: limit.ceiling(amount, agreed),
        capacity: limit.window().capacity(amount),
        refill: amount,
        marks: marks(demand),
        on_expiry: limit.expiry(),
        consistency: limit.consistency(),
    })
}

fn marks(demand: &Demand<'_>) -> Marks {
    demand.limit.steps().iter().map(|step| demand.limit.mark(step, demand.amount)).collect()
}

fn open_reservations<'a>(limit: &'a Limit, request: &Request<'a>, max_open: u64) -> Take<'a> {
    Take {
        account: Account {
            space: limit.space(),
            kind: Kind::Open,
            limit: limit.name(),
            key: request.principal,
            period: Period::Open,
        },
        cost: 1,
        ceiling: Some(max_open),
        capacity: max_open,
        refill: 0,
        marks: Marks::new(),
        on_expiry: OnExpiry::Release,
        // What is open has to be free again when a process is gone.
        consistency: Consistency::Strict,
    }
}
