//! Protected health information: data about a person in a medical context (45 CFR 164.514(b)(2), the identifiers of Safe Harbor).

use std::ops::Range;

use super::context::Words;
use crate::detector::{Cx, Detector, Reach};
use crate::finding::Sign;
use crate::kind::{Family, Kind};

/// Bytes in front of an identifier in which a medical word counts. What follows it does not: a stream would be past it.
const BEFORE: usize = 256;

/// Kinds that name no person by themselves.
const IMPERSONAL: &[&str] =
    &["ip_private", "ipv6_private", "mac_address", "bitcoin_address", "ethereum_address", "us_aba_routing"];
/// Kinds that are medical whatever stands around them.
const MEDICAL: &[&str] =
    &["medical_record_number", "us_mbi", "uk_nhs", "de_health_insurance", "ca_health_card", "au_medicare"];

#[derive(Debug)]
pub(crate) struct Health {
    words: Words,
}

impl Health {
    pub(crate) fn new() -> Self {
        let words = [
            "patient",
            "patients",
            "diagnosis",
            "diagnosed",
            "diagnoses",
            "prescription",
            "prescribed",
            "medication",
            "symptoms",
            "treatment",
            "hospital",
            "clinic",
            "surgery",
            "icd-10",
            "icd",
            "blood pressure",
            "allergies",
            "allergy",
            "cancer",
            "diabetes",
            "hiv",
            "insulin",
            "chemotherapy",
            "medical record",
            "medical history",
            "physician",
            "discharged",
            "oncology",
            "psychiatric",
            "patientin",
            "diagnose",
            "krankenhaus",
            "medikament",
            "befund",
            "behandlung",
            "diagnostic",
            "ordonnance",
            "traitement",
            "hôpital",
            "paciente",
            "diagnóstico",
            "receta",
            "tratamiento",
            "paziente",
            "diagnosi",
            "ricetta",
            "diagnoza",
            "pacjent",
            "пациент",
            "диагноз",
            "患者",
            "診断",
            "诊断",
            "환자",
            "진단",
        ];
        Self { words: Words::new(words) }
    }
}

impl Detector for Health {
    fn kinds(&self) -> Vec<Kind> {
        vec![Kind::new("health_information", Family::Phi, "45 CFR 164.514(b)(2)")]
    }

    fn reach(&self) -> Reach {
        Reach { back: BEFORE, ahead: 0 }
    }

    fn settle(&self, found: Range<usize>, cx: &mut Cx<'_>) {
        let candidates = found;
        for index in candidates {
            let Some(candidate) = cx.candidates().get(index).copied() else { break };
            let Some(kind) = cx.kind(candidate.kind) else { continue };
            if kind.family() != Family::Pii || candidate.score < 50 || IMPERSONAL.contains(&kind.name()) {
                continue;
            }
            let is_medical = MEDICAL.contains(&kind.name());
            cx.spend(BEFORE.min(candidate.start));
            if is_medical || self.words.before(cx.text, candidate.start, BEFORE) {
                let signs = candidate.signs.with(Sign::Context);
                cx.report(0, candidate.start..candidate.end, candidate.score, signs);
            }
        }
    }
}
