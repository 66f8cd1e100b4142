//! How busy the machine is, and what it keeps free: averages that the system itself keeps.

use std::fs::read_to_string;

use super::number_after;

/// Tasks that ran or wanted to over the last minute, on average. This process counts too.
pub fn load_average() -> Option<f64> {
    first_number(&read_to_string("/proc/loadavg").ok()?)
}

/// Share of the last ten seconds in which some task of the machine waited for a disk, from 0 to 1.
pub fn disk_pressure() -> Option<f64> {
    pressure(&read_to_string("/proc/pressure/io").ok()?)
}

/// Share of all processor time since the start of the machine that its host gave to others, from 0 to 1.
pub fn stolen_share() -> Option<f64> {
    stolen(&read_to_string("/proc/stat").ok()?)
}

/// Memory that can be had without pushing anything out, bytes.
pub fn available_memory_bytes() -> Option<u64> {
    number_after(&read_to_string("/proc/meminfo").ok()?, "MemAvailable")?.checked_mul(1024)
}

/// What the kernel reads the time from, such as `tsc`.
pub fn clock_source() -> Option<String> {
    word("/sys/devices/system/clocksource/clocksource0/current_clocksource")
}

/// Who chooses the frequency of the first processor, such as `performance`.
pub fn frequency_governor() -> Option<String> {
    word("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
}

fn word(path: &str) -> Option<String> {
    Some(read_to_string(path).ok()?.trim().to_owned()).filter(|word| !word.is_empty())
}

fn first_number(text: &str) -> Option<f64> {
    text.split_whitespace().next()?.parse().ok()
}

/// `some avg10=1.50 avg60=…`, in hundredths.
fn pressure(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("some "))?;
    let percent: f64 =
        line.split_whitespace().find_map(|field| field.strip_prefix("avg10="))?.parse().ok()?;
    Some(percent / 100.0)
}

/// `cpu user nice system idle iowait irq softirq steal guest guest_nice`; guests are counted as users already.
fn stolen(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<f64> =
        line.split_whitespace().take(8).map(|field| field.parse().ok()).collect::<Option<_>>()?;
    let all: f64 = ticks.iter().sum();
    Some(ticks.get(7)? / all).filter(|share| share.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_in_what_the_kernel_writes() {
        assert_eq!(first_number("0.52 0.58 0.59 1/467 12345\n"), Some(0.52));
        assert_eq!(pressure("some avg10=1.50 avg60=0.30 avg300=0.0 total=9\nfull avg10=0.1\n"), Some(0.015));
        assert_eq!(stolen("cpu  10 0 10 70 0 0 0 10 5 0\ncpu0 1\n"), Some(0.1));
    }

    #[test]
    fn what_the_kernel_does_not_write_is_absent() {
        assert_eq!(first_number(""), None);
        assert_eq!(pressure("full avg10=0.1\n"), None);
        assert_eq!(stolen("cpu 1 2 3\n"), None);
        assert_eq!(stolen("cpu 0 0 0 0 0 0 0 0\n"), None);
    }

    #[test]
    fn this_machine_has_a_load_and_memory() {
        assert!(load_average().is_some_and(|load| load >= 0.0));
        assert!(available_memory_bytes().is_some_and(|bytes| bytes > 0));
    }
}
