//! The engines that take part, each in the best set-up that its documentation offers.

use crate::contender::Entrant;

pub mod cedar;
pub mod cel;
pub mod cel_core;
pub mod matches;
pub mod ours;
pub mod regorus;

/// All entrants, in the order of the tables' columns.
pub const ALL: [Entrant; 5] = [ours::ENTRANT, cel::ENTRANT, cel_core::ENTRANT, regorus::ENTRANT, cedar::ENTRANT];
