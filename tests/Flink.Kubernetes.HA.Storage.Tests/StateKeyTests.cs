namespace Flink.Kubernetes.HA.Storage.Tests;

public sealed class StateKeyTests
{
    [Fact]
    public void Segments_are_joined_to_a_key() => StateKey.Of("orders", "4f2a", "checkpoint-17").Value.Should().Be("orders/4f2a/checkpoint-17");

    [Fact]
    public void A_segment_can_t_smuggle_in_another() =>
        Invoking(() => StateKey.Of("orders", "../secrets")).Should().ThrowExactly<ArgumentException>();

    [Theory]
    [InlineData("a/../b", "begins with a dot")]
    [InlineData("a//b", "a segment is empty")]
    [InlineData("a/b.", "ends with a dot")]
    [InlineData("a/ b", "white space")]
    [InlineData("a\\b", "one of")]
    [InlineData("a\u0001b", "control character")]
    [InlineData("u\u0308", "form C")]
    [InlineData("a\uFFFE", "no character")]
    [InlineData("a\uFFFFb", "no character")]
    [InlineData("\uFDD0", "no character")]
    [InlineData("a/\uD83F\uDFFE", "no character")]
    public void What_is_no_key_is_told_and_why(string text, string reason)
    {
        Invoking(() => new StateKey(text)).Should().ThrowExactly<ArgumentException>().Which.Message.Should().Contain(reason);
        StateKey.TryCreate(text).Should().BeNull();
    }

    [Fact]
    public void No_text_makes_the_judgement_fail_instead_of_the_text()
    {
        for (var c = 0; c <= 0x10FFFF; c += c < 0x20000 ? 1 : 0x7F)
        {
            var text = c <= char.MaxValue ? ((char)c).ToString() : char.ConvertFromUtf32(c);
            var key = StateKey.TryCreate("a" + text);
            key?.Value.IsNormalized().Should().BeTrue();
            if (key is null)
            {
                Invoking(() => new StateKey("a" + text)).Should().ThrowExactly<ArgumentException>().Which.ParamName.Should().Be("value");
            }

            _ = Record.Exception(() => StateKey.CheckPrefix("a" + text)).Should().Match<Exception?>(exception => exception == null || exception is ArgumentException);
        }
    }

    [Fact]
    public void A_message_holds_no_control_characters_of_a_hostile_key() =>
        Invoking(() => new StateKey("\u001B[2Jforged")).Should().ThrowExactly<ArgumentException>().Which.Message.Should().NotContain("\u001B");

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("a/")]
    [InlineData("a/b")]
    [InlineData("a/b.")]
    [InlineData("a ")]
    public void A_prefix_may_end_anywhere_in_a_key(string prefix) => StateKey.CheckPrefix(prefix).Should().Be(prefix);

    [Fact]
    public void Keys_with_the_same_text_are_equal() => StateKey.Of("a", "b").Should().Be(new StateKey("a/b"));
}
