using System.ComponentModel;
using Flink.Kubernetes.HA.Tests.Conventions.Samples.Above;

namespace Flink.Kubernetes.HA.Tests.Conventions.Samples.Below;

#pragma warning disable CA1812, CA1822, CA1052 // Nobody calls these: each names a type from above in another way.

internal sealed class RightAlone { public string Text(object thing) => $"{thing} Samples.Above.Thing {nameof(Thing)}"; }

internal sealed class WrongSignature { public object? Do(List<Dictionary<string, Thing[]>> things) => things; }

internal sealed class WrongAttributeArgument { [TypeConverter(typeof(Thing))] public int Number { get; set; } }

internal sealed class WrongTypeArgument { public object Do() => Enumerable.Empty<Thing>(); }

internal sealed class WrongStaticCall { public int Do() => Thing.Count(); }

internal sealed class WrongStaticField { public object Do() => Thing.Shared; }

internal sealed class WrongExtension { public int Do() => 1.Twice(); }

internal sealed class WrongNestedType { public object Do() => new Things<int>.Item(); }

internal sealed class WrongCatch { public void Do() { try { Console.WriteLine(); } catch (ThingException) { Console.WriteLine(); } } }

internal sealed class WrongLambda { public Func<int, object> Do() => number => new Thing(number); }

internal sealed class WrongAsync { public async Task<int> DoAsync() { await Task.Yield(); return Thing.Count(); } }

internal sealed class WrongAsyncCatch { public async Task DoAsync() { try { await Task.Yield(); } catch (ThingException) { await Task.Yield(); } } }

internal sealed class WrongAsyncIterator { public async IAsyncEnumerable<int> DoAsync() { await Task.Yield(); yield return Thing.Count(); } }

internal sealed class WrongLambdaInAsync { public async Task<object> DoAsync() { await Task.Yield(); return new int[1].Select(number => new Thing(number)); } }

internal sealed class WrongPattern { public bool Do(object value) => value is Thing { Number: 1 }; }

internal sealed class WrongForeignName { public Type Do() => typeof(k8s.IKubernetes); }
