import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { retryBudget } from '../../src/upstream/budget.ts'

function entered(budget: ReturnType<typeof retryBudget>, count: number) {
  return Array.from({ length: count }, () => budget.enter())
}

describe('the retry budget', () => {
  it('lets three requests try again where traffic is low', () => {
    const tickets = entered(retryBudget(), 5)
    assert.deepEqual(
      tickets.map((ticket) => ticket.again()),
      [true, true, true, false, false],
    )
  })

  it('lets a fifth as many try again as are in their first try', () => {
    const tickets = entered(retryBudget(), 120)
    const again = tickets.filter((ticket) => ticket.again()).length
    // 20 of the 120 have left their first try by then.
    assert.equal(again, 20)
  })

  it('asks nothing more of a request that tries again already', () => {
    const [first = assert.fail(), ...others] = entered(retryBudget(), 3)
    for (const ticket of [first, ...others]) ticket.again()
    assert.equal(first.again(), true)
  })

  it('gets back what is done, once', () => {
    const budget = retryBudget()
    const tickets = entered(budget, 3)
    for (const ticket of tickets) ticket.again()
    const late = budget.enter()
    assert.equal(late.again(), false)
    tickets[0]?.done()
    tickets[0]?.done()
    assert.equal(late.again(), true)
    assert.equal(budget.enter().again(), false)
  })
})
