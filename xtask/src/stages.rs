//! A chore of several stages: runs them all, then says which failed and how long each took.

use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::shell::Stopwatch;

/// The stages run so far.
pub(crate) struct Stages {
    begun: Stopwatch,
    done: Vec<Stage>,
}

impl Default for Stages {
    fn default() -> Self {
        Self { begun: Stopwatch::start(), done: Vec::new() }
    }
}

#[derive(Clone)]
struct Stage {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Passed,
    Failed,
    /// A stage that it builds on did not pass.
    NotRun,
}

impl Stages {
    /// Runs a stage, unless one of `needs` has not passed. A failure is printed and remembered.
    pub(crate) fn run(&mut self, name: &'static str, needs: &[&str], stage: impl FnOnce() -> Result<()>) {
        let blocked =
            self.done.iter().any(|done| needs.contains(&done.name) && done.outcome != Outcome::Passed);
        let watch = Stopwatch::start();
        let outcome = if blocked {
            Outcome::NotRun
        } else {
            eprintln!("\n=== {name}");
            match stage() {
                Ok(()) => Outcome::Passed,
                Err(error) => {
                    eprintln!("error in stage {name}: {error:#}");
                    Outcome::Failed
                }
            }
        };
        self.done.push(Stage { name, outcome, took: watch.elapsed() });
    }

    /// Runs two rows of stages at the same time: one that waits for others' machines beside one that computes. In each, a
    /// stage can need those of its own row and what ran before both.
    pub(crate) fn run_beside(
        &mut self,
        waiting: impl FnOnce(&mut Self) + Send,
        computing: impl FnOnce(&mut Self),
    ) {
        let before = self.done.len();
        let mut beside = Self { begun: Stopwatch::start(), done: self.done.clone() };
        thread::scope(|scope| {
            // A panic in one of them goes on here, when both have ended.
            scope.spawn(|| waiting(&mut beside));
            computing(self);
        });
        self.done.extend(beside.done.drain(before..));
    }

    /// Prints the table of stages; fails unless all of them passed.
    pub(crate) fn finish(self) -> Result<()> {
        println!("\n{:<24} {:<8} {:>8}", "stage", "outcome", "seconds");
        for Stage { name, outcome, took } in &self.done {
            let outcome = match outcome {
                Outcome::Passed => "passed",
                Outcome::Failed => "FAILED",
                Outcome::NotRun => "not run",
            };
            println!("{name:<24} {outcome:<8} {:>8.1}", took.as_secs_f64());
        }
        println!("{:<24} {:<8} {:>8.1}", "all together", "", self.begun.elapsed().as_secs_f64());
        let failed: Vec<_> = self
            .done
            .iter()
            .filter(|stage| stage.outcome != Outcome::Passed)
            .map(|stage| stage.name)
            .collect();
        if !failed.is_empty() {
            bail!("did not pass: {}", failed.join(", "));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_stages_pass() {
        let mut stages = Stages::default();
        stages.run("one", &[], || Ok(()));
        stages.run("two", &["one"], || Ok(()));
        assert!(stages.finish().is_ok());
    }

    #[test]
    fn stages_beside_each_other_know_what_ran_before_and_are_known_after() {
        let mut stages = Stages::default();
        stages.run("before", &[], || bail!("broken"));
        let (met, meet) = std::sync::mpsc::channel();
        stages.run_beside(
            move |beside| {
                beside.run("waits", &[], || Ok(meet.recv()?));
                beside.run("fails", &["waits"], || bail!("broken"));
                beside.run("stopped", &["before"], || panic!("must not run"));
            },
            |stages| stages.run("computes", &[], || Ok(met.send(())?)),
        );
        stages.run("after", &["waits", "computes"], || Ok(()));
        stages.run("stopped after", &["fails"], || panic!("must not run"));
        let said = stages.finish().unwrap_err().to_string();
        assert_eq!(said, "did not pass: before, fails, stopped, stopped after");
    }

    #[test]
    fn a_failed_stage_stops_only_those_that_need_it() {
        let mut stages = Stages::default();
        let mut third_ran = false;
        stages.run("one", &[], || bail!("broken"));
        stages.run("two", &["one"], || panic!("must not run"));
        stages.run("three", &["two"], || panic!("must not run"));
        stages.run("four", &[], || {
            third_ran = true;
            Ok(())
        });
        assert!(third_ran);
        assert_eq!(stages.finish().unwrap_err().to_string(), "did not pass: one, two, three");
    }
}
