using Flink.Kubernetes.HA.Hosting;

namespace Flink.Kubernetes.HA.Tests.Hosting;

public sealed class RestartDelayTests
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    private readonly RestartDelay _delay = new(Retry);

    [Fact]
    public void A_turn_that_went_well_resets_the_wait()
    {
        _delay.AfterFailure(TimeSpan.Zero);
        _delay.AfterSuccess(wasLost: false);

        _delay.AfterFailure(TimeSpan.Zero).Should().Be(Retry);
    }

    [Fact]
    public void A_failure_after_a_long_turn_resets_the_wait()
    {
        _delay.AfterFailure(TimeSpan.Zero);

        _delay.AfterFailure(TimeSpan.FromSeconds(30)).Should().Be(TimeSpan.FromSeconds(4));
        _delay.AfterFailure(TimeSpan.FromSeconds(31)).Should().Be(Retry);
    }

    [Fact]
    public void A_retry_period_of_more_than_half_a_minute_stays_as_it_is()
    {
        var delay = new RestartDelay(TimeSpan.FromMinutes(2));

        Enumerable.Range(0, 2).Select(_ => delay.AfterFailure(TimeSpan.Zero).TotalMinutes).Should().Equal(2, 2);
    }
}
