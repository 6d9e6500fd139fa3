//! Numbering plans: which numbers there can be, by country.

use std::collections::HashMap;

/// `data/phone.tsv`; its head says where the facts come from.
pub(crate) const TABLE: &str = include_str!("../../../data/phone.tsv");

/// One region.
#[derive(Debug)]
struct Plan {
    code: String,
    trunk: String,
    /// Bit n of the set at place l: numbers of length l may begin with the two digits n.
    leads: HashMap<usize, u128>,
}

/// What is known about a national number that fits some plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// It is written with the national prefix.
    pub trunk: bool,
    /// It is as long as mobile numbers are.
    pub mobile: bool,
}

/// The plans of all countries for international forms, and those of chosen regions for national ones.
#[derive(Debug)]
pub(crate) struct Plans {
    /// By country code: for each length of the national number, the leading two digits of any region that shares the code.
    codes: HashMap<u32, HashMap<usize, u128>>,
    /// By national prefix (empty for none): for each length without the prefix, leading digits over all chosen regions.
    national: Vec<(String, HashMap<usize, u128>)>,
}

fn leads(text: &str) -> u128 {
    let mut set = 0u128;
    for range in text.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        if let (Ok(first), Ok(last)) = (first.parse::<u32>(), last.parse::<u32>()) {
            (first..=last.min(99)).for_each(|lead| set |= 1 << lead);
        }
    }
    set
}

fn read() -> impl Iterator<Item = (&'static str, Plan)> {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut columns = line.split('\t');
        let (region, code, trunk, lengths) = (columns.next()?, columns.next()?, columns.next()?, columns.next()?);
        let leads = lengths
            .split(';')
            .filter_map(|entry| entry.split_once(':'))
            .filter_map(|(len, list)| Some((len.parse().ok()?, leads(list))))
            .collect();
        Some((region, Plan { code: code.to_owned(), trunk: trunk.trim_matches('-').to_owned(), leads }))
    })
}

impl Plans {
    pub(super) fn new(regions: Option<&[String]>) -> Self {
        let mut codes: HashMap<u32, HashMap<usize, u128>> = HashMap::new();
        let mut national: HashMap<String, HashMap<usize, u128>> = HashMap::new();
        for (region, plan) in read() {
            let Ok(code) = plan.code.parse() else { continue };
            let chosen = regions.is_none_or(|regions| regions.iter().any(|chosen| chosen == region));
            for (len, leads) in &plan.leads {
                *codes.entry(code).or_default().entry(*len).or_default() |= leads;
                if chosen {
                    *national.entry(plan.trunk.clone()).or_default().entry(*len).or_default() |= leads;
                    // Where a prefix is optional, people leave it out.
                    *national.entry(String::new()).or_default().entry(*len).or_default() |= leads;
                }
            }
        }
        let mut national: Vec<_> = national.into_iter().collect();
        national.sort_by_key(|(trunk, _)| (std::cmp::Reverse(trunk.len()), trunk.clone()));
        Self { codes, national }
    }

    /// Whether digits after a `+` are a number of some country: `None` if its length is wrong, else whether it begins as the
    /// country's numbers do.
    pub(super) fn international(&self, digits: &[u8]) -> Option<bool> {
        (1..=3).find_map(|len| {
            let (code, rest) = digits.split_at_checked(len)?;
            let plan = self.codes.get(&value(code)?)?;
            // `+44 (0)20 ...`: the national prefix is often written, too.
            let short = rest.strip_prefix(b"0").unwrap_or(rest);
            let is_long_enough = [rest, short].into_iter().any(|rest| plan.contains_key(&rest.len()));
            // North America: area and exchange begin with 2 to 9.
            let is_dialled = code != b"1" || rest.get(3).is_some_and(|exchange| *exchange >= b'2');
            (is_long_enough && is_dialled).then(|| fits(plan, rest) || fits(plan, short))
        })
    }

    /// How digits fit a national plan, if they do.
    pub(super) fn national(&self, digits: &[u8]) -> Option<Form> {
        self.national.iter().find_map(|(trunk, plan)| {
            let rest = digits.strip_prefix(trunk.as_bytes())?;
            // Prefixes other than 0 are digits that many numbers begin with: they tell something only in numbers as long as theirs.
            let tells = trunk.starts_with('0') || (digits.len() == 11 && !trunk.is_empty());
            fits(plan, rest).then_some(Form { trunk: tells, mobile: (9..=11).contains(&rest.len()) })
        })
    }
}

fn value(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn fits(plan: &HashMap<usize, u128>, rest: &[u8]) -> bool {
    let lead = rest.get(..2).and_then(value);
    lead.is_some_and(|lead| plan.get(&rest.len()).is_some_and(|leads| leads >> lead & 1 != 0))
}
