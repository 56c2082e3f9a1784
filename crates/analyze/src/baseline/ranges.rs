//! What acts were done to, generalised: numbered things in contiguous ranges, names with a number in them likewise.

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Object, Text};

use crate::limits;

/// What stands in the place of the number in a name with a number: `Pump*.Speed`.
pub(crate) const PLACE: char = '*';

/// A space of numbered things, or a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub enum Space {
    /// A space of the protocol: `holding`, `ioa`.
    Numbered(Text),
    /// Names that differ in one number; [`PLACE`] stands for it.
    Pattern(Text),
    /// A name.
    Name(Text),
}

/// A contiguous range and how often it was met.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub struct Range {
    /// Number of the first thing.
    pub first: u64,
    /// Number of the last thing.
    pub last: u64,
    /// How often something in it was met.
    pub hits: u64,
}

/// Everything that a function was done to.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub struct Objects {
    /// In order; the ranges of each in order, apart from each other.
    pub spaces: Vec<(Space, Vec<Range>)>,
    /// There were too many to tell apart: anything goes.
    pub is_any: bool,
}

/// One object as space and range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub(crate) space: Space,
    pub(crate) first: u64,
    pub(crate) last: u64,
}

/// Where `object` stands; `None` where it names nothing.
pub(crate) fn place(object: &Object) -> Option<Place> {
    match object {
        Object::None => None,
        Object::Span { space, first, count } => Some(Place {
            space: Space::Numbered(Text::from(space.as_ref())),
            first: *first,
            last: first.saturating_add(u64::from((*count).max(1)) - 1),
        }),
        Object::Text(text) => Some(place_of_text(text)),
    }
}

fn place_of_text(text: &str) -> Place {
    // `13 of ioa 204812-204982`: several numbered things that do not stand side by side.
    if let Some((count, rest)) = text.split_once(" of ")
        && count.bytes().all(|byte| byte.is_ascii_digit())
        && let Some((space, range)) = rest.rsplit_once(' ')
        && let Some((first, last)) = range.split_once('-')
        && let (Ok(first), Ok(last)) = (first.parse(), last.parse())
        && first <= last
    {
        return Place { space: Space::Numbered(Text::from(space)), first, last };
    }
    let end = text.rfind(|c: char| c.is_ascii_digit()).map(|end| end + 1);
    if let Some(end) = end
        && !text.contains(PLACE)
    {
        let start = text[..end]
            .rfind(|c: char| !c.is_ascii_digit())
            .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
        let digits = &text[start..end];
        // A number that is written with zeros before it would not come back as it was.
        if let Ok(number) = digits.parse::<u64>()
            && number.to_string() == digits
        {
            let pattern = format!("{}{PLACE}{}", &text[..start], &text[end..]);
            return Place { space: Space::Pattern(Text::from(pattern)), first: number, last: number };
        }
    }
    Place { space: Space::Name(Text::from(text)), first: 0, last: 0 }
}

impl Objects {
    /// Whether `place` lies wholly in what was met.
    pub(crate) fn has(&self, place: &Place) -> bool {
        self.is_any
            || self.ranges(&place.space).is_some_and(|ranges| {
                let after = ranges.partition_point(|range| range.first <= place.first);
                after.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|range| place.last <= range.last)
            })
    }

    fn ranges(&self, space: &Space) -> Option<&Vec<Range>> {
        let at = self.spaces.binary_search_by(|(known, _)| known.cmp(space)).ok()?;
        self.spaces.get(at).map(|(_, ranges)| ranges)
    }

    /// Whether anything of `space` was met.
    pub(crate) fn knows(&self, space: &Space) -> bool {
        self.is_any || self.ranges(space).is_some()
    }

    /// Takes `place` in, `hits` times. What touches or overlaps becomes one range.
    pub(crate) fn add(&mut self, place: &Place, hits: u64) {
        if self.is_any {
            return;
        }
        let at = match self.spaces.binary_search_by(|(known, _)| known.cmp(&place.space)) {
            Ok(at) => at,
            Err(at) => {
                if self.spaces.len() >= limits::BASELINE_SPACES_MAX {
                    self.forget();
                    return;
                }
                self.spaces.insert(at, (place.space.clone(), Vec::new()));
                at
            }
        };
        let Some((_, ranges)) = self.spaces.get_mut(at) else { return };
        // The usual case: the same again.
        if let Some(range) = ranges.iter_mut().find(|range| range.first <= place.first && place.last <= range.last) {
            range.hits = range.hits.saturating_add(hits);
            return;
        }
        let mut new = Range { first: place.first, last: place.last, hits };
        ranges.retain(|range| {
            let is_apart = range.last.saturating_add(1) < new.first || new.last.saturating_add(1) < range.first;
            if !is_apart {
                new.first = new.first.min(range.first);
                new.last = new.last.max(range.last);
                new.hits = new.hits.saturating_add(range.hits);
            }
            is_apart
        });
        let at = ranges.partition_point(|range| range.first < new.first);
        ranges.insert(at, new);
        if ranges.len() > limits::BASELINE_RANGES_MAX {
            self.forget();
        }
    }

    /// Takes in all of `other`.
    pub(crate) fn merge(&mut self, other: &Objects) {
        if other.is_any {
            self.forget();
        }
        for (space, ranges) in &other.spaces {
            for range in ranges {
                self.add(&Place { space: space.clone(), first: range.first, last: range.last }, range.hits);
            }
        }
    }

    /// What is not wholly in `other`.
    pub(crate) fn without(&self, other: &Objects) -> Objects {
        let mut rest = Objects { is_any: self.is_any && !other.is_any, ..Objects::default() };
        for (space, ranges) in &self.spaces {
            for range in ranges {
                let place = Place { space: space.clone(), first: range.first, last: range.last };
                if !other.has(&place) {
                    rest.add(&place, range.hits);
                }
            }
        }
        rest
    }

    fn forget(&mut self) {
        self.spaces = Vec::new();
        self.is_any = true;
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.is_any && self.spaces.is_empty()
    }

    /// Ranges that were met once: what says how much has not been seen yet.
    pub(crate) fn singletons(&self) -> u64 {
        self.spaces.iter().flat_map(|(_, ranges)| ranges).filter(|range| range.hits == 1).count() as u64
    }
}

/// `holding 0-119`, as people read it.
pub(crate) fn show(place: &Place) -> String {
    let number = match place.first == place.last {
        true => place.first.to_string(),
        false => format!("{}-{}", place.first, place.last),
    };
    match &place.space {
        Space::Numbered(space) => format!("{space} {number}"),
        Space::Pattern(pattern) => pattern.replacen(PLACE, &number, 1),
        Space::Name(name) => name.to_string(),
    }
}

/// `holding 0-119, 200 and 3 more`, as people read it; bounded.
pub(crate) fn show_all(objects: &Objects) -> String {
    if objects.is_any {
        return "*".to_owned();
    }
    let mut parts: Vec<String> = Vec::new();
    let mut left = 0;
    for (space, ranges) in &objects.spaces {
        for range in ranges {
            match parts.len() < 4 {
                true => parts.push(show(&Place { space: space.clone(), first: range.first, last: range.last })),
                false => left += 1,
            }
        }
    }
    if left > 0 {
        parts.push(format!("+{left}"));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Place {
        place(&Object::from(text)).unwrap()
    }

    #[test]
    fn ranges_that_touch_become_one() {
        let mut objects = Objects::default();
        for (first, count) in [(0, 10), (20, 5), (10, 10), (40, 1)] {
            objects.add(&place(&Object::span("holding", first, count)).unwrap(), 1);
        }
        assert_eq!(show_all(&objects), "holding 0-24, holding 40");
        assert!(objects.has(&place(&Object::span("holding", 3, 20)).unwrap()));
        assert!(!objects.has(&place(&Object::span("holding", 20, 10)).unwrap()));
        assert!(!objects.has(&place(&Object::span("coil", 3, 1)).unwrap()));
        assert_eq!(objects.singletons(), 1);
    }

    #[test]
    fn names_with_a_number_are_ranges() {
        let mut objects = Objects::default();
        for name in ["Pump1.Speed", "Pump2.Speed", "DB1.DBW10", "Tank_007", "Level", "13 of ioa 204812-204982"] {
            objects.add(&of(name), 1);
        }
        assert_eq!(show_all(&objects), "ioa 204812-204982, DB1.DBW10, Pump1-2.Speed, Level, +1");
        assert!(objects.has(&of("Pump2.Speed")) && !objects.has(&of("Pump3.Speed")));
        assert!(objects.has(&of("Tank_007")) && !objects.has(&of("Tank_7")));
        assert!(objects.has(&of("ioa 204900")) || !objects.has(&of("ioa 204900")));
    }

    #[test]
    fn too_many_to_tell_apart_are_any() {
        let mut objects = Objects::default();
        for number in 0..10_000 {
            objects.add(&place(&Object::one("ioa", number * 3)).unwrap(), 1);
        }
        assert!(objects.is_any && objects.spaces.is_empty());
    }
}
