//! Scanners, each shared by all documents that read texts in the same way.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use llm_policy_cel::function::Function;
use llm_policy_detect::stream::{Action, Guard};
use llm_policy_detect::{BuildError, Builder, Family, Scanner, kinds};

use super::questions::{self, Asking};
use crate::document::detectors::{Detectors as Settings, Opaque};

/// What documents with equal `config.detectors` share.
#[derive(Debug)]
pub struct Detector {
    number: u32,
    settings: Settings,
    scanner: OnceLock<Arc<Scanner>>,
    /// What its scanner was built for.
    asked: OnceLock<Asked>,
    /// Builds a scanner for all families when it is asked before it was built: for tools without a program.
    eager: bool,
}

/// What the rules of some documents ask for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) families: BTreeSet<Family>,
    /// Kinds that were named: they are looked for even when their family leaves them out.
    pub(crate) kinds: BTreeSet<Arc<str>>,
}

impl Detector {
    fn new(number: u32, settings: Settings) -> Arc<Self> {
        Arc::new(Self { number, settings, scanner: OnceLock::new(), asked: OnceLock::new(), eager: false })
    }

    /// A detector that looks for everything, as profiles have it.
    #[must_use]
    pub fn of_everything() -> Arc<Self> {
        Arc::new(Self {
            number: 0,
            settings: Settings::default(),
            scanner: OnceLock::new(),
            asked: OnceLock::new(),
            eager: true,
        })
    }

    /// What tells it from the other detectors of a program.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// What becomes of content that cannot be read.
    pub(crate) fn opaque(&self) -> Opaque {
        self.settings.opaque
    }

    /// The scanner; `None` until the program is finished.
    #[must_use]
    pub fn scanner(&self) -> Option<&Arc<Scanner>> {
        if self.eager && self.scanner.get().is_none() {
            let asked = Asked { families: Family::ALL.into(), kinds: BTreeSet::new() };
            self.build(&asked).ok()?;
        }
        self.scanner.get()
    }

    fn build(&self, asked: &Asked) -> Result<(), BuildError> {
        if asked.families.is_empty() {
            return Ok(());
        }
        let _ = self.scanner.set(shared(self.builder(asked))?);
        let _ = self.asked.set(asked.clone());
        Ok(())
    }

    fn builder(&self, asked: &Asked) -> Builder {
        let mut builder = self.settings.builder(asked.families.contains(&Family::Custom));
        builder = builder.families(asked.families.iter().copied());
        for kind in &asked.kinds {
            builder = builder.kind(&**kind, true);
        }
        builder
    }

    /// The part of the scanner that can look at a text while it passes; `None`: no such thing was asked for. What it finds is what
    /// the whole scanner finds of the same families, as families do not shadow each other.
    pub(crate) fn streamed(&self) -> Option<Arc<Scanner>> {
        #[cfg(test)]
        STREAMED.with(|built| built.set(built.get() + 1));
        let asked = self.asked.get()?;
        let streamable = |families: &dyn Fn(Family) -> bool| {
            let own = |family: &Family| family.is_streamable() && families(*family);
            let families: BTreeSet<Family> = asked.families.iter().copied().filter(own).collect();
            let of = |kind: &str| {
                let listed = |family: &Family| kinds(*family).iter().any(|known| known.name() == kind);
                Family::ALL.into_iter().find(listed).unwrap_or(Family::Custom)
            };
            let kinds = asked.kinds.iter().filter(|kind| families.contains(&of(kind))).cloned().collect();
            let asked = Asked { families, kinds };
            let scanner = if asked.families.is_empty() { None } else { shared(self.builder(&asked)).ok() };
            scanner.filter(|scanner| Guard::new(&**scanner, |_| Action::Note).is_ok())
        };
        // A pattern without a longest match cannot be looked for in a part of a text; all else can.
        streamable(&|_| true).or_else(|| streamable(&|family| family != Family::Custom))
    }
}

#[cfg(test)]
thread_local! {
    /// Scanners for streams that were asked for on this thread, for tests that count them.
    pub(crate) static STREAMED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// A scanner as `builder` makes it: one that is in use already, if there is one. Tools and reloads build the same scanner
/// over and over.
fn shared(builder: Builder) -> Result<Arc<Scanner>, BuildError> {
    static KNOWN: Mutex<Vec<(Builder, Weak<Scanner>)>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.retain(|(_, scanner)| scanner.strong_count() > 0);
    if let Some(scanner) = known.iter().find(|(of, _)| *of == builder).and_then(|(_, scanner)| scanner.upgrade()) {
        return Ok(scanner);
    }
    let scanner = Arc::new(builder.clone().build()?);
    known.push((builder, Arc::downgrade(&scanner)));
    Ok(scanner)
}

/// All detectors of the documents that are being compiled.
#[derive(Debug, Default)]
pub(crate) struct Detectors {
    all: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    detector: Arc<Detector>,
    functions: Vec<Function>,
    asked: Asked,
}

impl Detectors {
    /// The place of the detector for these settings.
    pub(crate) fn of(&mut self, settings: &Settings) -> usize {
        if let Some(at) = self.all.iter().position(|known| known.detector.settings.reads_like(settings)) {
            return at;
        }
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let detector = Detector::new(number, settings.clone());
        let functions = questions::functions(&detector);
        self.all.push(Known { detector, functions, asked: Asked::default() });
        self.all.len() - 1
    }

    /// The functions of the detector at `place`.
    pub(crate) fn functions(&self, place: usize) -> Vec<Function> {
        self.all.get(place).map(|known| known.functions.clone()).unwrap_or_default()
    }

    /// What is asked of the detector at `place`, to be added to.
    pub(crate) fn asked(&mut self, place: usize) -> Option<&mut Asked> {
        self.all.get_mut(place).map(|known| &mut known.asked)
    }

    /// Who asks what.
    pub(crate) fn asking(&self) -> Vec<Asking> {
        self.all.iter().flat_map(|known| Asking::of(&known.detector, &known.functions)).collect()
    }

    /// Builds the scanners.
    ///
    /// # Errors
    /// When a detector's patterns are too many for one scanner.
    pub(crate) fn finish(self) -> Result<Vec<Arc<Detector>>, BuildError> {
        self.all.into_iter().map(|known| known.detector.build(&known.asked).map(|()| known.detector)).collect()
    }
}
