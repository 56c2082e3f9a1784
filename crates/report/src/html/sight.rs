//! What the capture cannot show, what was wrong with the input, and how all this was made.

use maud::{Markup, html};

use super::Page;
use crate::limits::PROBLEMS_MAX;
use crate::{format, words};

impl Page<'_> {
    pub(super) fn sight(&self) -> Markup {
        let judgement = self.judgement;
        let unanswered = &judgement.unanswered;
        html! {
            section #sight {
                h2 { (self.say(words::SIGHT)) }
                p.about { (self.say(words::SIGHT_ABOUT)) }
                @if judgement.sight.is_empty() { p { (self.say(words::NO_LIMITS)) } }
                div.cards {
                    @for blindness in &judgement.sight {
                        div.box {
                            h3 { (self.badge(blindness.severity)) " " (self.say(blindness.kind.phrase())) }
                            p { (format::sentence(&format::clean_to(&self.language.said(&blindness.what), 500))) }
                            p.do {
                                b { (self.say(words::REMEDY)) } " "
                                (format::sentence(&format::clean_to(&self.language.said(&blindness.remedy), 500)))
                            }
                            @if !blindness.examples.is_empty() {
                                p.small {
                                    (self.say(words::EXAMPLES)) (self.colon())
                                    @for (index, example) in blindness.examples.iter().take(6).enumerate() {
                                        @if index > 0 { ", " }
                                        (self.machine_link(example))
                                    }
                                    @if blindness.examples.len() > 6 { " …" }
                                }
                            }
                        }
                    }
                    @if unanswered.addresses > 0 {
                        div.box {
                            h3 { (self.say(words::UNREACHED)) }
                            p {
                                @if unanswered.is_bounded { (self.say(words::AT_LEAST)) " " }
                                (words::N_ADDRESSES.of(self.language, unanswered.addresses))
                            }
                            p.small {
                                @for (index, example) in unanswered.examples.iter().take(12).enumerate() {
                                    @if index > 0 { ", " }
                                    (format::clean_to(example, 60))
                                }
                                @if unanswered.addresses > 12 { " …" }
                            }
                        }
                    }
                }
                (self.problems())
            }
        }
    }

    fn problems(&self) -> Markup {
        let problems = &self.run.problems;
        html! {
            @if !problems.is_empty() {
                h3 #problems { (self.say(words::PROBLEMS)) " " span.count { (self.number(problems.len() as u64)) } }
                ul lang="en" {
                    @for problem in problems.iter().take(PROBLEMS_MAX) { li { (format::clean_to(problem, 500)) } }
                }
                @if problems.len() > PROBLEMS_MAX {
                    p.more { "… " (words::N_MORE.of(self.language, (problems.len() - PROBLEMS_MAX) as u64)) }
                }
            }
        }
    }

    pub(super) fn method(&self) -> Markup {
        html! {
            section #method {
                h2 { (self.say(words::METHOD)) }
                p { (self.say(words::PASSIVE)) }
                p.small { (self.say(words::REFERENCES)) }
                p.small { (self.say(words::MADE_BY)) " " (self.run.version) }
            }
        }
    }
}
