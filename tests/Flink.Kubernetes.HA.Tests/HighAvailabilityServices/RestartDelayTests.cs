namespace Flink.Kubernetes.HA.Tests.HighAvailabilityServices;

public sealed class RestartDelayTests
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    private readonly RestartDelay _delay = new(Retry);

    [Fact]
    public void Failures_in_a_row_wait_longer_and_longer_up_to_half_a_minute() =>
        Assert.Equal([2, 4, 8, 16, 30, 30], Enumerable.Range(0, 6).Select(_ => _delay.AfterFailure(TimeSpan.Zero).TotalSeconds));

    [Fact]
    public void A_turn_that_went_well_begins_the_waits_anew()
    {
        _delay.AfterFailure(TimeSpan.Zero);
        _delay.AfterSuccess(wasLost: false);

        Assert.Equal(Retry, _delay.AfterFailure(TimeSpan.Zero));
    }

    [Fact]
    public void A_failure_after_a_long_turn_begins_the_waits_anew()
    {
        _delay.AfterFailure(TimeSpan.Zero);

        Assert.Equal(TimeSpan.FromSeconds(4), _delay.AfterFailure(TimeSpan.FromSeconds(30)));
        Assert.Equal(Retry, _delay.AfterFailure(TimeSpan.FromSeconds(31)));
    }

    [Fact]
    public void A_leader_that_gives_up_lets_others_go_first_and_one_that_lost_does_not_wait()
    {
        Assert.Equal(Retry, _delay.AfterSuccess(wasLost: false));
        Assert.Equal(TimeSpan.Zero, _delay.AfterSuccess(wasLost: true));
    }

    [Fact]
    public void A_retry_period_of_more_than_half_a_minute_stays_as_it_is()
    {
        var delay = new RestartDelay(TimeSpan.FromMinutes(2));

        Assert.Equal([2, 2], Enumerable.Range(0, 2).Select(_ => delay.AfterFailure(TimeSpan.Zero).TotalMinutes));
    }
}
