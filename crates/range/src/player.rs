//! A plant that is played frame by frame: an iterator whose memory does not grow, however long it runs.

use std::collections::VecDeque;

use model::Time;

use crate::network::SECOND;
use crate::plan::Plan;
use crate::site::Site;
use crate::sites;
use crate::truth::Deed;

/// A running plant.
///
/// ```
/// use range::{Plan, Player};
/// let mut player = Player::new(&Plan::demo(1, model::Time::from_seconds(1_772_433_000, 0)));
/// let (at, frame) = player.next().unwrap();
/// assert!(at >= player.start() && frame.len() >= 60);
/// ```
pub struct Player {
    site: Site,
    ready: VecDeque<(Time, Vec<u8>)>,
    is_over: bool,
}

/// Deeds that are kept for [`Player::take_deeds`].
const DEEDS_MAX: usize = 4_096;

impl Player {
    /// Plays this plan.
    pub fn new(plan: &Plan) -> Player {
        Player { site: sites::build(plan), ready: VecDeque::new(), is_over: false }
    }

    /// All plants without end, beginning at `start`, with attack stories from minute two on; for the plants it is a
    /// working morning then, whatever the time is.
    pub fn demo(seed: u64, start: Time) -> Player {
        Player::new(&Plan::demo(seed, start))
    }

    /// Time of the first packet, about.
    pub const fn start(&self) -> Time {
        self.site.start
    }

    /// Gives all frames before `until` (time of the plant) to `sink`; gives whether there may be more later.
    pub fn advance(&mut self, until: Time, sink: &mut dyn FnMut(Time, &[u8])) -> bool {
        while let Some((at, _)) = self.ready.front() {
            if *at >= until {
                return true;
            }
            if let Some((at, frame)) = self.ready.pop_front() {
                sink(at, &frame);
            }
        }
        self.forget();
        // Frames leave when the task after them is due, so this may run one task too far.
        while !self.is_over && self.site.next_step().is_none_or(|next| next < until) {
            self.is_over = !self.site.step(sink);
        }
        if !self.is_over {
            // The step at or behind `until` gives what was still on its way; what is later waits here.
            let ready = &mut self.ready;
            self.is_over = !self.site.step(&mut |at, frame| {
                if at < until {
                    sink(at, frame);
                } else {
                    ready.push_back((at, frame.to_vec()));
                }
            });
        }
        !self.is_over || !self.ready.is_empty()
    }

    /// What nobody asked for is forgotten, the oldest first.
    fn forget(&mut self) {
        if self.site.deed_count() > DEEDS_MAX {
            self.take_deeds();
        }
    }

    /// Takes what was done until ten minutes before the next frame, as far as it is over.
    pub fn take_deeds(&mut self) -> Vec<Deed> {
        let next = self.site.next_step().filter(|_| !self.is_over);
        let now = self.ready.front().map(|ready| ready.0).or(next);
        self.site.take_deeds(now.map_or(Time(i64::MAX), |now| now.plus(-600 * SECOND)))
    }
}

impl Iterator for Player {
    type Item = (Time, Vec<u8>);

    fn next(&mut self) -> Option<(Time, Vec<u8>)> {
        while self.ready.is_empty() && !self.is_over {
            self.forget();
            let ready = &mut self.ready;
            self.is_over = !self.site.step(&mut |at, frame| ready.push_back((at, frame.to_vec())));
        }
        self.ready.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate;

    #[test]
    fn played_frames_are_those_of_the_whole_run() {
        let plan = Plan::new(2, 7);
        let mut frames = Vec::new();
        let truth = simulate(&plan, &mut |at, frame| frames.push((at, frame.to_vec())));
        assert_eq!(Player::new(&plan).collect::<Vec<_>>(), frames);
        let (mut player, mut advanced, mut now) = (Player::new(&plan), Vec::new(), plan.start);
        let mut goes_on = true;
        while goes_on {
            now = now.plus(SECOND / 7);
            goes_on = player.advance(now, &mut |at, frame| {
                assert!(at < now);
                advanced.push((at, frame.to_vec()));
            });
        }
        assert_eq!(advanced, frames);
        assert_eq!(player.take_deeds().len(), truth.deeds.len());
    }

    #[test]
    fn the_demonstration_goes_on_and_on_and_holds_little() {
        let start = Time::from_seconds(1_772_433_000, 0);
        let mut player = Player::demo(3, start);
        let (mut packets, mut last, mut deeds, mut held) = (0u64, start, Vec::new(), 0);
        for minute in 1..=40 {
            player.advance(start.plus(minute * 60 * SECOND), &mut |at, _| {
                assert!(at >= last);
                (packets, last) = (packets + 1, at);
            });
            held = held.max(player.ready.len());
            deeds.extend(player.take_deeds());
        }
        let attacks: Vec<_> = deeds.iter().filter(|deed| deed.intent == crate::Intent::Attack).collect();
        let first = attacks[0].first.since(start) / SECOND;
        assert!((120..=150).contains(&first), "{first}");
        assert!(attacks.len() >= 4, "{attacks:?}");
        assert!(attacks.iter().all(|deed| deed.packet.is_some()));
        assert!(held < 1_000, "{held}");
        // Something happens at least every half hour.
        assert!(attacks.windows(2).all(|pair| pair[1].first.since(pair[0].first) < 1_800 * SECOND), "{attacks:?}");
    }
}
