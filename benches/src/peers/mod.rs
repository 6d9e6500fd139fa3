//! The engines that take part, each in the best set-up that its documentation offers.

use crate::contender::Entrant;

#[cfg(feature = "peers")]
pub mod cedar;
#[cfg(feature = "peers")]
pub mod cel;
#[cfg(feature = "peers")]
pub mod cel_core;
#[cfg(feature = "peers")]
pub mod matches;
pub mod ours;
#[cfg(feature = "peers")]
pub mod regorus;

/// All entrants, in the order of the tables' columns.
pub const ALL: &[Entrant] = &[
    ours::ENTRANT,
    #[cfg(feature = "peers")]
    cel::ENTRANT,
    #[cfg(feature = "peers")]
    cel_core::ENTRANT,
    #[cfg(feature = "peers")]
    regorus::ENTRANT,
    #[cfg(feature = "peers")]
    cedar::ENTRANT,
];
