//! Saying things to people in the languages of the product: sentences, nouns with their numbers, French punctuation.

use std::borrow::Cow;
use std::fmt;

use crate::{
    Behind, BlindnessKind, Confidence, FactKey, Importance, Outcome, Phrase, Purdue, Role, Said, Severity, Text, Verb,
};

/// The languages of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    En,
    /// French.
    Fr,
}

impl Language {
    /// Every language.
    pub const ALL: [Language; 2] = [Language::En, Language::Fr];

    /// Its code, as in the attribute `lang` of HTML.
    pub const fn code(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Fr => "fr",
        }
    }

    /// The side of `phrase` in this language.
    pub const fn of(self, phrase: Phrase) -> &'static str {
        match self {
            Language::En => phrase.en,
            Language::Fr => phrase.fr,
        }
    }

    /// The side of `said` in this language; in French no line can begin with a tall punctuation mark.
    pub fn said(self, said: &Said) -> Cow<'_, str> {
        match self {
            Language::En => Cow::Borrowed(said.en.as_str()),
            Language::Fr => french(&said.fr),
        }
    }

    /// Whole numbers with groups of three: `12,345` and `12 345` (narrow no-break space).
    pub fn number(self, value: u64) -> String {
        let digits = value.to_string();
        let mut out = String::with_capacity(digits.len() + digits.len() / 3);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                out.push(if self == Language::Fr { '\u{202f}' } else { ',' });
            }
            out.push(digit);
        }
        out
    }
}

/// French text whose tall punctuation marks hold on to the word before them.
pub fn french(text: &str) -> Cow<'_, str> {
    if ![" :", " ;", " ?", " !", " %"].iter().any(|mark| text.contains(mark)) {
        return Cow::Borrowed(text);
    }
    let narrow = text.replace(" ;", "\u{202f};").replace(" ?", "\u{202f}?").replace(" !", "\u{202f}!");
    Cow::Owned(narrow.replace(" :", "\u{a0}:").replace(" %", "\u{a0}%"))
}

/// A thing that is counted: one and many, in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noun {
    /// English: one, many.
    pub en: (&'static str, &'static str),
    /// French: one, many.
    pub fr: (&'static str, &'static str),
}

impl Noun {
    /// The word for `count` things. French counts none and one alike.
    pub const fn word(&self, language: Language, count: u64) -> &'static str {
        match language {
            Language::En if count == 1 => self.en.0,
            Language::En => self.en.1,
            Language::Fr if count < 2 => self.fr.0,
            Language::Fr => self.fr.1,
        }
    }

    /// `3 machines`.
    pub fn of(&self, language: Language, count: u64) -> String {
        format!("{}\u{a0}{}", language.number(count), self.word(language, count))
    }
}

macro_rules! nouns {
    ($( $name:ident = $one:literal, $many:literal, $un:literal, $plusieurs:literal; )*) => {
        /// Nouns that several crates count.
        pub mod nouns {
            use super::Noun;
            $(
                #[doc = concat!("`", $one, "`, `", $many, "`.")]
                pub const $name: Noun = Noun { en: ($one, $many), fr: ($un, $plusieurs) };
            )*
        }
    };
}

nouns! {
    ACTS = "act", "acts", "acte", "actes";
    ADDRESSES = "address", "addresses", "adresse", "adresses";
    ATTEMPTS = "attempt", "attempts", "tentative", "tentatives";
    BYTES = "byte", "bytes", "octet", "octets";
    CHANGES = "change", "changes", "modification", "modifications";
    COMMANDS = "command", "commands", "commande", "commandes";
    CONNECTIONS = "connection", "connections", "connexion", "connexions";
    CONTROLLERS = "controller", "controllers", "automate", "automates";
    CONVERSATIONS = "conversation", "conversations", "conversation", "conversations";
    DAYS = "day", "days", "jour", "jours";
    DEVICES = "device", "devices", "équipement", "équipements";
    LOGINS = "login", "logins", "ouverture de session", "ouvertures de session";
    MACHINES = "machine", "machines", "machine", "machines";
    MESSAGES = "message", "messages", "message", "messages";
    MINUTES = "minute", "minutes", "minute", "minutes";
    NAMES = "name", "names", "nom", "noms";
    NETWORKS = "network", "networks", "réseau", "réseaux";
    PACKETS = "packet", "packets", "paquet", "paquets";
    PORTS = "port", "ports", "port", "ports";
    PROTOCOLS = "protocol", "protocols", "protocole", "protocoles";
    READS = "read", "reads", "lecture", "lectures";
    REFUSALS = "refusal", "refusals", "refus", "refus";
    REQUESTS = "request", "requests", "requête", "requêtes";
    ROUTERS = "router", "routers", "routeur", "routeurs";
    TIMES = "time", "times", "fois", "fois";
    YEARS = "year", "years", "an", "ans";
}

/// A number of things, said with the noun that fits it: [`number_of`].
#[derive(Clone, Copy, Debug)]
pub struct Count(u64, Noun);

/// `3 machines`, for [`said!`](crate::said): `said!("{n} use it", "{n} l'utilisent", n = number_of(3, nouns::MACHINES))`.
pub fn number_of(number: impl TryInto<u64>, noun: Noun) -> Count {
    Count(number.try_into().unwrap_or(u64::MAX), noun)
}

/// What is said differently in each language.
pub trait Speak {
    /// Writes it in `language`.
    fn speak(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// Something in one language, to be written.
#[derive(Clone, Copy, Debug)]
pub struct Spoken<'a, T: ?Sized>(pub &'a T, pub Language);

impl<T: Speak + ?Sized> fmt::Display for Spoken<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.speak(self.1, f)
    }
}

impl<T: Speak + ?Sized> Speak for &T {
    fn speak(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).speak(language, f)
    }
}

impl Speak for Count {
    fn speak(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", language.number(self.0), self.1.word(language, self.0))
    }
}

impl Speak for Said {
    fn speak(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match language {
            Language::En => &self.en,
            Language::Fr => &self.fr,
        })
    }
}

impl Speak for Phrase {
    fn speak(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(language.of(*self))
    }
}

impl Speak for Behind {
    fn speak(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (language, self) {
            (Language::Fr, Behind::Unit(unit)) => write!(f, "unité {unit}"),
            (Language::Fr, Behind::Link(link)) => write!(f, "liaison {link}"),
            (Language::Fr, Behind::Slot { rack, slot }) => write!(f, "châssis {rack} emplacement {slot}"),
            _ => write!(f, "{self}"),
        }
    }
}

macro_rules! speak {
    (as numbers: $($number:ty),*; as they are: $($text:ty),*; by phrase: $($word:ty),*;) => {
        $( impl Speak for $number {
            fn speak(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&language.number(u64::try_from(*self).unwrap_or(u64::MAX)))
            }
        } )*
        $( impl Speak for $text {
            fn speak(&self, _: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_ref())
            }
        } )*
        $( impl Speak for $word {
            fn speak(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(language.of(self.phrase()))
            }
        } )*
    };
}

speak! {
    as numbers: u64, u32, usize;
    as they are: str, String, Text, Cow<'_, str>;
    by phrase: Role, FactKey, Purdue, Verb, Outcome, Confidence, Importance, Severity, BlindnessKind;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::said;

    #[test]
    fn numbers_and_nouns_agree() {
        let say = |number: u64| said!("{n} of it", "{n} en sont", n = number_of(number, nouns::MACHINES));
        let lines: Vec<String> =
            [0, 1, 2, 12_345].map(|number| format!("{} | {}", say(number).en, say(number).fr)).into();
        assert_eq!(
            lines.join("\n"),
            "0 machines of it | 0 machine en sont\n1 machine of it | 1 machine en sont\n\
             2 machines of it | 2 machines en sont\n12,345 machines of it | 12\u{202f}345 machines en sont"
        );
    }

    #[test]
    fn words_of_the_vocabulary_are_translated() {
        let role = Role::Hmi;
        let said = said!("its role is {role}, {how}", "son rôle est {role}, {how}", role = role, how = Behind::Unit(3));
        assert_eq!((said.en.as_str(), said.fr.as_str()), ("its role is HMI, unit 3", "son rôle est IHM, unité 3"));
    }

    #[test]
    fn french_punctuation_stays_with_its_word() {
        assert_eq!(french("vu : 2 % ; et ?"), "vu\u{a0}: 2\u{a0}%\u{202f}; et\u{202f}?");
    }
}
